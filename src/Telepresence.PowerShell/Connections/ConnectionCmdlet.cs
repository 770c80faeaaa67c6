using System.Management.Automation;
using Telepresence.Client.Objects;
using Telepresence.Client.Sessions;
using Telepresence.PowerShell.Completers;

namespace Telepresence.PowerShell.Connections;

/// <summary>Filters with the names of Get-NetTCPConnection.</summary>
public abstract class ConnectionCmdlet : TelepresenceCmdlet
{
    private protected const string FilterSet = "Filter";

    /// <summary>Address on this machine.</summary>
    [Parameter(ParameterSetName = FilterSet, ValueFromPipelineByPropertyName = true)]
    public string[] LocalAddress { get; set; } = [];

    /// <summary>Port on this machine.</summary>
    [Parameter(ParameterSetName = FilterSet, ValueFromPipelineByPropertyName = true)]
    public int[] LocalPort { get; set; } = [];

    /// <summary>Address that the program connected to, or the real one behind it.</summary>
    [Parameter(Position = 0, ParameterSetName = FilterSet, ValueFromPipelineByPropertyName = true)]
    [Alias("RemoteIPAddress", "IPAddress")]
    public string[] RemoteAddress { get; set; } = [];

    /// <summary>Port that the program connected to.</summary>
    [Parameter(ParameterSetName = FilterSet, ValueFromPipelineByPropertyName = true)]
    public int[] RemotePort { get; set; } = [];

    /// <summary>TCP states, such as Established.</summary>
    [Parameter(ParameterSetName = FilterSet)]
    public string[] State { get; set; } = [];

    /// <summary>Processes that own the connection.</summary>
    [Parameter(ParameterSetName = FilterSet, ValueFromPipelineByPropertyName = true)]
    [Alias("Id")]
    public int[] OwningProcess { get; set; } = [];

    /// <summary>TCP or UDP; without it both.</summary>
    [Parameter(ParameterSetName = FilterSet)]
    public TransportProtocol? Protocol { get; set; }

    /// <summary>Name of a session; without it all.</summary>
    [Parameter(ParameterSetName = FilterSet)]
    [ArgumentCompleter(typeof(SessionCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Session { get; set; }

    private protected ConnectionFilter Filter =>
        new()
        {
            LocalAddress = LocalAddress,
            LocalPort = LocalPort,
            RemoteAddress = RemoteAddress,
            RemotePort = RemotePort,
            State = State,
            OwningProcess = OwningProcess,
            Protocol = Protocol,
        };

    private protected async Task<IReadOnlyList<TelepresenceConnection>> FindAsync(CancellationToken cancellationToken)
    {
        if (await TryGetNetworkEngineAsync(cancellationToken) is not { } engine)
        {
            return [];
        }
        return [.. (await engine.ConnectionsAsync(Session, cancellationToken)).Where(Filter.Matches)];
    }
}
