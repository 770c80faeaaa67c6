using System.Management.Automation;
using Telepresence.Client.Contract;
using Telepresence.Client.Objects;
using Telepresence.PowerShell.Completers;

namespace Telepresence.PowerShell.Routing;

/// <summary>Routes of sessions and, on request, all others of this machine.</summary>
[Cmdlet(VerbsCommon.Get, "TelepresenceRoute")]
[OutputType(TypeNames.Route)]
public sealed class GetTelepresenceRouteCommand : TelepresenceCmdlet
{
    /// <summary>Only routes for these prefixes; wildcards are allowed.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [SupportsWildcards]
    public string[] DestinationPrefix { get; set; } = [];

    /// <summary>Names of sessions, or wildcards; without it all.</summary>
    [Parameter(ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [ArgumentCompleter(typeof(SessionCompleter))]
    [SupportsWildcards]
    public string[] Session { get; set; } = [];

    /// <summary>Only one address family.</summary>
    [Parameter]
    public AddressFamilyName? AddressFamily { get; set; }

    /// <summary>The other routes of this machine too.</summary>
    [Parameter]
    public SwitchParameter IncludeSystem { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() =>
        Run(async cancellationToken =>
        {
            var engine = IncludeSystem
                ? await GetAnyEngineAsync(cancellationToken)
                : await TryGetNetworkEngineAsync(cancellationToken);
            var sessions =
                Session.Length == 0
                    ? null
                    : await SessionNames.FindAsync(
                        engine,
                        Session,
                        missing => EmitError(missing, missing.TargetObject),
                        cancellationToken
                    );
            if (engine is null)
            {
                return;
            }
            var routes = await engine.RoutesAsync(new RoutesParameters(null, IncludeSystem), cancellationToken);
            Emit(
                routes.Where(route =>
                    (sessions is null || route.Session.Length == 0 || sessions.Any(s => s.Name == route.Session))
                    && (AddressFamily is null || route.AddressFamily == AddressFamily)
                    && Wildcards.Match(DestinationPrefix, route.DestinationPrefix)
                )
            );
        });
}
