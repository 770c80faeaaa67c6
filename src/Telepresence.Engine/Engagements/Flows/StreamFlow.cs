using System.Buffers;
using System.Net.Sockets;
using Telepresence.Engine.NetStack;

namespace Telepresence.Engine.Engagements.Flows;

/// <summary>
/// A byte stream of this machine, of a socket or of a program's standard streams, as a flow: so that it is joined to tunnels as the
/// flows of the stack are. Disposing it ends what is still open.
/// </summary>
internal sealed class StreamFlow : ITcpFlow, IAsyncDisposable
{
    private const int BufferLength = 64 * 1024;

    private readonly Stream _input;
    private readonly Stream _output;
    private readonly Action _completeWrite;
    private readonly Action _abort;
    private readonly byte[] _received = ArrayPool<byte>.Shared.Rent(BufferLength);
    private readonly byte[] _sending = ArrayPool<byte>.Shared.Rent(BufferLength);
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _writing = Task.CompletedTask;
    private int _start;
    private int _end;
    private int _over;

    /// <param name="endpoints">Of the conversation; for a program's streams whatever names it.</param>
    /// <param name="input">What the other end of the stream sends.</param>
    /// <param name="output">What it gets.</param>
    /// <param name="completeWrite">Tells it that nothing more comes.</param>
    /// <param name="abort">Ends both at once.</param>
    public StreamFlow(FlowEndpoints endpoints, Stream input, Stream output, Action completeWrite, Action abort)
    {
        Endpoints = endpoints;
        _input = input;
        _output = output;
        _completeWrite = completeWrite;
        _abort = abort;
    }

    public FlowEndpoints Endpoints { get; }

    public Task Closed => _closed.Task;

    public FlowStatistics Statistics => default;

    /// <summary>Over a connected TCP socket, which is closed with the flow.</summary>
    public static StreamFlow Of(Socket socket, FlowEndpoints endpoints)
    {
        socket.NoDelay = true;
        var stream = new NetworkStream(socket, ownsSocket: true);
        return new StreamFlow(
            endpoints,
            stream,
            stream,
            () => socket.Shutdown(SocketShutdown.Send),
            () =>
            {
                // Zero: what was not sent is forgotten and the peer is reset, as the far side's was.
                socket.LingerState = new LingerOption(true, 0);
                socket.Dispose();
            }
        );
    }

    public void Accept()
    {
        // The stream was open before.
    }

    public void Refuse() => Abort();

    public void Unreachable() => Abort();

    public async ValueTask<ReadOnlyMemory<byte>> ReadAsync(CancellationToken cancellationToken)
    {
        if (_start == _end)
        {
            try
            {
                _end = await _input.ReadAsync(_received, cancellationToken).ConfigureAwait(false);
                _start = 0;
            }
            catch (Exception e) when (IsOfStream(e))
            {
                throw new FlowAbortedException(e.Message);
            }
        }
        return _received.AsMemory(_start, _end - _start);
    }

    public void AdvanceRead(int count) => _start += count;

    public async ValueTask<Memory<byte>> GetWriteMemoryAsync(CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        return _sending.AsMemory(0, BufferLength);
    }

    public void AdvanceWrite(int count) => _writing = WriteAsync(count);

    public void CompleteWrite() => _writing = CompleteAsync(_writing);

    public void Abort()
    {
        if (Interlocked.Exchange(ref _over, 1) != 0)
            return;
        Quietly(_abort);
        _closed.TrySetResult();
    }

    /// <summary>Waits until what was to be written is, and closes the stream. Without it disposal aborts.</summary>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _over) != 0)
            return;
        try
        {
            await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (FlowAbortedException)
        {
            // The other end does not want it any more.
        }
        if (Interlocked.Exchange(ref _over, 1) != 0)
            return;
        await _input.DisposeAsync().ConfigureAwait(false);
        await _output.DisposeAsync().ConfigureAwait(false);
        _closed.TrySetResult();
    }

    public async ValueTask DisposeAsync()
    {
        Abort();
        // A write that still runs reads its buffer; only then may another have it.
        await _writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ArrayPool<byte>.Shared.Return(_received);
        ArrayPool<byte>.Shared.Return(_sending);
    }

    private async Task WriteAsync(int count)
    {
        try
        {
            await _output.WriteAsync(_sending.AsMemory(0, count)).ConfigureAwait(false);
            await _output.FlushAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (IsOfStream(e))
        {
            throw new FlowAbortedException(e.Message);
        }
    }

    private async Task CompleteAsync(Task writing)
    {
        await writing.ConfigureAwait(false);
        Quietly(_completeWrite);
    }

    /// <summary>Whoever ended it first was the other end.</summary>
    private static void Quietly(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (IsOfStream(e))
        {
            // It is over, which is all that was wanted.
        }
    }

    private static bool IsOfStream(Exception exception) =>
        exception is IOException or SocketException or ObjectDisposedException;
}
