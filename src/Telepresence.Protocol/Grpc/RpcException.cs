namespace Telepresence.Protocol.Grpc;

/// <summary>A call ended with another status than OK.</summary>
public sealed class RpcException : Exception
{
    /// <param name="status">How it ended.</param>
    /// <param name="trailers">What the peer sent with it.</param>
    public RpcException(Status status, Metadata? trailers = null)
        : base($"{status.StatusCode}: {status.Detail}", status.DebugException)
    {
        Status = status;
        Trailers = trailers ?? Metadata.Empty;
    }

    /// <param name="statusCode">The code.</param>
    /// <param name="detail">In words.</param>
    public RpcException(StatusCode statusCode, string detail)
        : this(new Status(statusCode, detail)) { }

    /// <summary>How the call ended.</summary>
    public Status Status { get; }

    /// <summary>The code in <see cref="Status"/>.</summary>
    public StatusCode StatusCode => Status.StatusCode;

    /// <summary>What the peer sent with the status.</summary>
    public Metadata Trailers { get; }
}
