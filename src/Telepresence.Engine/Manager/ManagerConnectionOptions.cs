using Telepresence.Protocol.Manager;

namespace Telepresence.Engine.Manager;

/// <summary>Who connects to a traffic-manager, and how long things may take.</summary>
internal sealed record ManagerConnectionOptions
{
    /// <summary><c>user@host</c>.</summary>
    public required string Name { get; init; }

    /// <summary>UUID of this installation.</summary>
    public required string InstallId { get; init; }

    /// <summary>Connected namespace: completes single labels.</summary>
    public required string Namespace { get; init; }

    /// <summary>Where the manager runs; for error messages.</summary>
    public required string ManagerNamespace { get; init; }

    /// <summary>The kubeconfig's context; for error messages.</summary>
    public string Context { get; init; } = "";

    /// <summary>The protocol release we say we are: managers and clients refuse each other by it.</summary>
    public string Version { get; init; } = "v2.25.0";

    /// <summary>timeouts.trafficManagerAPI: until the manager has answered the first time, retries included.</summary>
    public TimeSpan ApiTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>dns.lookupTimeout.</summary>
    public TimeSpan LookupTimeout { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>For a manager that asks who calls; null: there are none.</summary>
    public IBearerTokens? Tokens { get; init; }

    /// <summary>
    /// How often the session is kept, which also shows that the way to the manager still stands. It is the only heartbeat:
    /// managers drop clients that send HTTP/2 pings (PROTOCOL §1.4).
    /// </summary>
    public TimeSpan RemainInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A way on which the manager does not answer for that long is lost.</summary>
    public TimeSpan RemainTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>timeouts.reconnectWait: how long what is new waits for a lost way to come back.</summary>
    public TimeSpan ReconnectWait { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The session's intercepts, for a manager that was replaced and takes the session over (2.25 and later).</summary>
    public Func<IReadOnlyList<InterceptInfo>> Intercepts { get; init; } = static () => [];

    public TunnelOptions Tunnels { get; init; } = new();

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
