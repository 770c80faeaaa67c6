namespace Telepresence.Engine.Manager;

/// <summary>Times of tunnels (timeouts.roundtripLatency, timeouts.endpointDial of the client configuration).</summary>
internal sealed record TunnelOptions
{
    public TimeSpan RoundtripLatency { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>What the far side's dial may take.</summary>
    public TimeSpan DialTimeout { get; init; } = TimeSpan.FromSeconds(3);

    public TimeSpan TcpIdleTimeout { get; init; } = TimeSpan.FromHours(2);

    public TimeSpan UdpIdleTimeout { get; init; } = TimeSpan.FromMinutes(1);

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
