using System.Management.Automation;
using Telepresence.Client;
using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Objects;
using Telepresence.PowerShell.Completers;

namespace Telepresence.PowerShell.Vnat;

/// <summary>Both directions of the translation.</summary>
public abstract class ConvertVirtualAddressCmdlet : TelepresenceCmdlet
{
    /// <summary>Name of a session; without it the one whose subnets hold the address.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(SessionCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Session { get; set; }

    private protected void Convert(
        IEnumerable<string> addresses,
        Func<EngineClient, AddressParameters, CancellationToken, Task<TelepresenceVirtualAddress[]>> convert
    )
    {
        foreach (var text in addresses.Where(a => a.Length > 0))
        {
            Run(
                async cancellationToken =>
                {
                    var address = Addresses.Parse(text).ToString();
                    var engine =
                        await TryGetNetworkEngineAsync(cancellationToken)
                        ?? throw ErrorCatalogue.Error(ErrorId.AddressNotInSession, text, ("address", text));
                    Emit(await convert(engine, new AddressParameters([address], Session), cancellationToken));
                },
                text
            );
        }
    }
}
