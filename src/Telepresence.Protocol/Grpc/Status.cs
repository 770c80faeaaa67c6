namespace Telepresence.Protocol.Grpc;

/// <summary>How a call ended.</summary>
/// <param name="StatusCode">The code.</param>
/// <param name="Detail">The peer's words, or ours.</param>
/// <param name="DebugException">What happened on this side, if something did; never sent.</param>
public readonly record struct Status(StatusCode StatusCode, string Detail, Exception? DebugException = null)
{
    /// <summary>Success.</summary>
    public static readonly Status DefaultSuccess = new(StatusCode.OK, "");
}
