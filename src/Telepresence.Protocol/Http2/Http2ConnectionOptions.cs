namespace Telepresence.Protocol.Http2;

/// <summary>What an <see cref="Http2Connection"/> grants its peer, and what it bounds.</summary>
internal sealed record Http2ConnectionOptions
{
    /// <summary>What the peer may send on a stream before its reader has read.</summary>
    public int InitialStreamWindow { get; init; } = 256 * 1024;

    /// <summary>A stream whose reader keeps up may get so much, when the way is long.</summary>
    public int MaxStreamWindow { get; init; } = 16 * 1024 * 1024;

    /// <summary>What the peer may have under way on all streams together.</summary>
    public int ConnectionWindow { get; init; } = 32 * 1024 * 1024;

    /// <summary>
    /// What streams hold unread is memory: all together no more than this and <see cref="ConnectionWindow"/>. Up to this much,
    /// streams that nobody reads do not hold up the others.
    /// </summary>
    public int MaxUnread { get; init; } = 32 * 1024 * 1024;

    /// <summary>SETTINGS_MAX_FRAME_SIZE: fewer headers, and no more than a frame is behind one of another stream.</summary>
    public int MaxFrameSize { get; init; } = 64 * 1024;

    /// <summary>Of a response, as RFC 9113 §6.5.2 counts; error details of gRPC come in headers.</summary>
    public int MaxHeaderListSize { get; init; } = 64 * 1024;

    /// <summary>DATA that goes to the transport in one write: what a port-forward puts into one of its own frames.</summary>
    public int WriteQuantum { get; init; } = 64 * 1024;

    /// <summary>Replies to the peer that it has not taken; one that asks for more without reading is sent away.</summary>
    public int MaxReplies { get; init; } = 1000;

    /// <summary>Requests that wait for a transport which takes nothing, in bytes; no more are begun then.</summary>
    public int MaxUnsent { get; init; } = 4 * 1024 * 1024;
}
