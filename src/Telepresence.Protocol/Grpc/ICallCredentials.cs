namespace Telepresence.Protocol.Grpc;

/// <summary>What proves to the peer who calls; asked for each call anew, for tokens expire. Safe for concurrent use.</summary>
public interface ICallCredentials
{
    /// <summary>What to send with a call; null: nothing. Whatever it throws ends the call with Unauthenticated.</summary>
    ValueTask<Metadata?> GetMetadataAsync(CancellationToken cancellationToken);

    /// <summary>The peer answered Unauthenticated: what was given last is worth nothing any more.</summary>
    void Invalidate();
}
