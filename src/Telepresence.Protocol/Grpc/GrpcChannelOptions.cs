namespace Telepresence.Protocol.Grpc;

/// <summary>How a <see cref="GrpcChannel"/> behaves.</summary>
public sealed record GrpcChannelOptions
{
    /// <summary>A longer message ends the call with ResourceExhausted.</summary>
    public int MaxReceiveMessageSize { get; init; } = GrpcFraming.DefaultMaxMessageSize;

    /// <summary>What the peer may send on a stream before this side read it; it grows from here with the round trip.</summary>
    public int InitialStreamWindowSize { get; init; } = 256 * 1024;

    /// <summary>Who speaks HTTP/2.</summary>
    public GrpcTransport Transport { get; init; }

    /// <summary>The <c>:authority</c> of requests; traffic-managers do not look at it.</summary>
    public string Authority { get; init; } = "traffic-manager";

    /// <summary>A peer that has not begun to speak HTTP/2 by then, once the transport is open, speaks something else.</summary>
    public TimeSpan PrefaceTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Goes with every call; null: nothing does.</summary>
    public ICallCredentials? Credentials { get; init; }

    /// <summary>Measures deadlines.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
