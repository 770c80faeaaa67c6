using System.IO.Pipelines;

namespace Telepresence.Sandbox.Spdy;

/// <summary>One stream the peer opened.</summary>
internal sealed class SpdyStream
{
    // Kubernetes' SPDY peers know no flow-control windows: a full pipe stops the reading of the whole connection instead.
    private static readonly PipeOptions s_pipe = new(
        pauseWriterThreshold: 256 * 1024,
        resumeWriterThreshold: 128 * 1024,
        useSynchronizationContext: false
    );

    private readonly SpdyConnection _connection;
    private readonly Pipe _incoming = new(s_pipe);
    private bool _writeClosed;

    internal SpdyStream(SpdyConnection connection, uint id, IReadOnlyDictionary<string, string> headers)
    {
        _connection = connection;
        Id = id;
        Headers = headers;
    }

    public uint Id { get; }
    public IReadOnlyDictionary<string, string> Headers { get; }

    /// <summary>What the peer sends; ends with its FIN, fails with its RST_STREAM or the connection.</summary>
    public PipeReader Incoming => _incoming.Reader;

    internal PipeWriter Received => _incoming.Writer;

    /// <summary>The peer has said FIN; more data from it is dropped. Used by the reading loop only.</summary>
    internal bool IsPeerDone { get; private set; }

    internal ValueTask EndReceivedAsync()
    {
        IsPeerDone = true;
        return _incoming.Writer.CompleteAsync();
    }

    public ValueTask WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken) =>
        _connection.WriteDataAsync(Id, data, fin: false, cancellationToken);

    /// <summary>Half-closes; once.</summary>
    public ValueTask CloseWriteAsync(CancellationToken cancellationToken)
    {
        if (_writeClosed)
        {
            return ValueTask.CompletedTask;
        }
        _writeClosed = true;
        return _connection.WriteDataAsync(Id, ReadOnlyMemory<byte>.Empty, fin: true, cancellationToken);
    }

    public ValueTask ResetAsync(SpdyStatus status, CancellationToken cancellationToken)
    {
        _writeClosed = true;
        return _connection.ResetAsync(Id, status, cancellationToken);
    }

    /// <summary>Forgets the stream at its connection: both sides are done with it.</summary>
    public void Release()
    {
        _incoming.Reader.Complete();
        _connection.Forget(Id);
    }
}
