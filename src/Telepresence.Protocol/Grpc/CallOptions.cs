namespace Telepresence.Protocol.Grpc;

/// <summary>How a call is made.</summary>
/// <param name="Headers">Sent along.</param>
/// <param name="Deadline">How long the call may take, the peer is told; null: for ever.</param>
/// <param name="CancellationToken">Gives the call up.</param>
public readonly record struct CallOptions(
    Metadata? Headers = null,
    TimeSpan? Deadline = null,
    CancellationToken CancellationToken = default
);
