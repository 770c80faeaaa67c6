using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;

namespace Telepresence.Protocol.Spdy;

/// <summary>One stream of a connection, opened by either side.</summary>
[SuppressMessage("Naming", "CA1711", Justification = "The protocol's own term.")]
public sealed class SpdyStream
{
    /// <summary>Bytes of a stream that nobody has read yet; more stop the reading of the whole connection.</summary>
    internal const int ReceiveLimit = 1024 * 1024;

    private static readonly PipeOptions s_pipe = new(
        pauseWriterThreshold: ReceiveLimit,
        resumeWriterThreshold: ReceiveLimit / 2,
        minimumSegmentSize: 16 * 1024,
        useSynchronizationContext: false
    );

    private readonly SpdyConnection _connection;
    private readonly Pipe _incoming = new(s_pipe);
    private readonly TaskCompletionSource _replied = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SpdyReceiveWindow _window;
    private bool _writeClosed;
    private volatile Exception? _reset;

    internal SpdyStream(
        SpdyConnection connection,
        uint id,
        IReadOnlyDictionary<string, string> headers,
        SpdyReceiveWindow window
    )
    {
        _connection = connection;
        _window = window;
        Id = id;
        Headers = headers;
    }

    /// <summary>Odd: a client opened it.</summary>
    public uint Id { get; }

    /// <summary>What it was opened with; names in any case.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; }

    /// <summary>The peer has accepted a stream of ours; fails with an <see cref="IOException"/> when it does not.</summary>
    public Task Replied => _replied.Task;

    /// <summary>
    /// What the peer sends; ends with its FIN, fails with its RST_STREAM or the connection. For connections that keep no
    /// window; else <see cref="ReadAsync"/>.
    /// </summary>
    public PipeReader Incoming => _incoming.Reader;

    internal PipeWriter Received => _incoming.Writer;

    /// <summary>The peer has said FIN; more data from it is dropped. Used by the reading loop only.</summary>
    internal bool IsPeerDone { get; private set; }

    /// <summary>The next bytes; 0 after the peer's FIN. One reader at a time.</summary>
    /// <exception cref="IOException">The peer reset the stream, or the connection ended.</exception>
    public async ValueTask<int> ReadAsync(Memory<byte> destination, CancellationToken cancellationToken)
    {
        var read = await Incoming.ReadAsync(cancellationToken).ConfigureAwait(false);
        var taken = read.Buffer.Slice(0, Math.Min(read.Buffer.Length, destination.Length));
        var count = (int)taken.Length;
        taken.CopyTo(destination.Span);
        Incoming.AdvanceTo(taken.End);
        _connection.Consumed(Id, count, ref _window);
        return count;
    }

    /// <exception cref="IOException">The stream was reset, or the connection is over.</exception>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        while (!data.IsEmpty)
        {
            var part = await _connection.Windows.TakeAsync(Id, data.Length, cancellationToken).ConfigureAwait(false);
            if (_reset is { } reset)
            {
                throw new IOException(reset.Message, reset);
            }
            await _connection.WriteDataAsync(Id, data[..part], fin: false, cancellationToken).ConfigureAwait(false);
            data = data[part..];
        }
    }

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

    /// <summary>Ends both directions.</summary>
    public void Reset(SpdyStatus status)
    {
        _writeClosed = true;
        _connection.Reset(Id, status);
    }

    /// <summary>Forgets the stream at its connection: both sides are done with it. Once nobody reads.</summary>
    public void Release()
    {
        _incoming.Reader.Complete();
        _connection.Forget(Id);
    }

    internal void SetReplied() => _replied.TrySetResult();

    internal ValueTask EndReceivedAsync()
    {
        IsPeerDone = true;
        return _incoming.Writer.CompleteAsync();
    }

    /// <summary>The peer's RST_STREAM, or the connection's end.</summary>
    internal ValueTask FailAsync(IOException failure)
    {
        _reset = failure;
        if (_replied.TrySetException(failure))
        {
            // Whoever never asked for the reply learns of it by reading.
            _ = _replied.Task.Exception;
        }
        return _incoming.Writer.CompleteAsync(failure);
    }
}
