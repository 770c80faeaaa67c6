using Microsoft.Extensions.Logging;
using Telepresence.Engine.Dns;
using Telepresence.Engine.Engagements.Volumes;
using Telepresence.Engine.Manager;

namespace Telepresence.Engine.Engagements;

/// <summary>What engagements need of their session.</summary>
internal sealed record EngagementContext
{
    /// <summary>Its name.</summary>
    public required string Session { get; init; }

    /// <summary>Its namespace, which the workloads are in.</summary>
    public required string Namespace { get; init; }

    /// <summary>Where the traffic-manager runs; for error messages.</summary>
    public string ManagerNamespace { get; init; } = "";

    /// <summary>user@host, as the traffic-manager knows us.</summary>
    public required string Client { get; init; }

    /// <summary>The connection of this moment.</summary>
    public required Func<ManagerConnection> Connection { get; init; }

    /// <summary>Opens the way to a port of a pod.</summary>
    public required Func<AgentPod, CancellationToken, ValueTask<Stream>> OpenPod { get; init; }

    /// <summary>Whether pods may be linked to; where not, the traffic-manager relays.</summary>
    public required Func<CancellationToken, Task<bool>> MayLink { get; init; }

    public required IAddressTranslation Translation { get; init; }

    public required IVolumeMounter Volumes { get; init; }

    /// <summary>timeouts.intercept: until an agent has taken an engagement up.</summary>
    public TimeSpan ActiveTimeout { get; init; } = TimeSpan.FromSeconds(30);

    public TunnelOptions Tunnels { get; init; } = new();

    public required ILoggerFactory Loggers { get; init; }

    public TimeProvider Time => Tunnels.TimeProvider;
}
