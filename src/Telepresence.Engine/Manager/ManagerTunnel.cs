using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Tunnel;

namespace Telepresence.Engine.Manager;

/// <summary>
/// A tunnel after StreamOK. One reader and one writer at a time; reading may begin once <see cref="DialResult"/> is there.
/// Disposing one that has not ended resets it.
/// </summary>
internal sealed class ManagerTunnel : IDisposable
{
    private readonly GrpcCall _call;
    private readonly TunnelReader _reader;
    private readonly TunnelWriter _writer;
    private readonly TunnelOptions _options;
    private bool _replay;

    /// <param name="isDialled">False: it is this side that dials, and <see cref="AcceptAsync"/> or <see cref="RejectAsync"/> is due.</param>
    internal ManagerTunnel(
        GrpcCall call,
        TunnelReader reader,
        TunnelWriter writer,
        TunnelOptions options,
        bool isDialled = true
    )
    {
        _call = call;
        _reader = reader;
        _writer = writer;
        _options = options;
        DialResult = isDialled ? ReadDialResultAsync() : Task.FromResult(Manager.DialResult.Connected);
    }

    /// <summary>Comes after the far side's dial, at the latest a little after the dial time-out.</summary>
    /// <exception cref="RpcException">The tunnel broke.</exception>
    public Task<DialResult> DialResult { get; }

    /// <summary>What the present message is.</summary>
    public TunnelMessageCode Code => _reader.Code;

    /// <summary>Bytes of its body that were not read yet.</summary>
    public int Remaining => _reader.Remaining;

    /// <summary>The next message. False: the tunnel ended in order.</summary>
    /// <exception cref="RpcException">The tunnel broke.</exception>
    public async ValueTask<bool> ReadAsync(CancellationToken cancellationToken)
    {
        if (_replay)
        {
            _replay = false;
            return true;
        }
        try
        {
            if (await _reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                return true;
            _call.ThrowUnlessOk();
            return false;
        }
        catch (Exception e) when (IsOfTunnel(e))
        {
            throw Translate(e, cancellationToken);
        }
    }

    /// <summary>The next bytes of the body.</summary>
    public ValueTask<int> ReadBodyAsync(Memory<byte> destination, CancellationToken cancellationToken) =>
        _reader.ReadBodyAsync(destination, cancellationToken);

    /// <summary>The rest of the body, as far as it fits.</summary>
    public ValueTask<int> ReadWholeBodyAsync(Memory<byte> destination, CancellationToken cancellationToken) =>
        _reader.ReadWholeBodyAsync(destination, cancellationToken);

    /// <summary>At most <see cref="TunnelMessageCodec.MaxDataLength"/> bytes, or one datagram.</summary>
    public ValueTask WriteDataAsync(ReadOnlyMemory<byte> data, bool flush, CancellationToken cancellationToken) =>
        _writer.WriteDataAsync(data, flush, cancellationToken);

    /// <summary>One datagram, kept back to share a frame with those that follow until <see cref="FlushAsync"/>.</summary>
    public ValueTask AppendDataAsync(ReadOnlyMemory<byte> datagram, CancellationToken cancellationToken) =>
        _writer.AppendDataAsync(datagram, cancellationToken);

    public Task FlushAsync(CancellationToken cancellationToken) => _writer.FlushAsync(cancellationToken);

    /// <summary>Tells the far side, for which this side dialled, that the dial succeeded.</summary>
    public ValueTask AcceptAsync(CancellationToken cancellationToken) =>
        _writer.WriteAsync(TunnelMessageCode.DialOk, default, cancellationToken);

    /// <summary>Tells the far side, for which this side dialled, that the dial failed.</summary>
    /// <param name="errno">See <see cref="DialErrno"/>.</param>
    public async ValueTask RejectAsync(byte errno, CancellationToken cancellationToken)
    {
        await _writer
            .WriteAsync(TunnelMessageCode.DialReject, new[] { errno }, cancellationToken)
            .ConfigureAwait(false);
        CompleteWrite();
        // The call's end is the far side's word that it has read this: resetting it before could overtake the rejection.
        while (await ReadAsync(cancellationToken).ConfigureAwait(false)) { }
    }

    /// <summary>No more data from this side.</summary>
    public void CompleteWrite() => _call.CompleteRequest();

    /// <summary>What <see cref="ReadBodyAsync"/> and the writing members may throw when the tunnel breaks.</summary>
    public static bool IsOfTunnel(Exception exception) =>
        exception is RpcException or TunnelFormatException || GrpcCall.IsOfTransport(exception);

    public void Dispose()
    {
        _call.Dispose();
        // While the dial result is being read the reader is in use; the call's end ends that.
        if (DialResult.IsCompleted)
            _reader.Dispose();
        else
            DialResult.ContinueWith(
                static (result, reader) =>
                {
                    _ = result.Exception;
                    ((TunnelReader)reader!).Dispose();
                },
                _reader,
                default,
                TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default
            );
    }

    private async Task<DialResult> ReadDialResultAsync()
    {
        var began = _options.TimeProvider.GetTimestamp();
        while (await ReadAsync(_call.CancellationToken).ConfigureAwait(false))
        {
            switch (Code)
            {
                case TunnelMessageCode.DialOk:
                    return Manager.DialResult.Connected;
                case TunnelMessageCode.Data:
                case TunnelMessageCode.CloseSend:
                    // Whoever sends data has dialled.
                    _replay = true;
                    return Manager.DialResult.Connected;
                case TunnelMessageCode.DialReject:
                    var elapsed = _options.TimeProvider.GetElapsedTime(began);
                    return Manager.DialResult.Rejected(
                        await ReadErrnoAsync().ConfigureAwait(false),
                        elapsed,
                        _options.DialTimeout
                    );
                case TunnelMessageCode.Disconnect:
                    return new DialResult(DialOutcome.Refused);
            }
        }
        throw new RpcException(StatusCode.Internal, "The tunnel ended without a dial result.");
    }

    private async ValueTask<byte> ReadErrnoAsync()
    {
        var errno = new byte[1];
        var read = await ReadWholeBodyAsync(errno, _call.CancellationToken).ConfigureAwait(false);
        return read == 1 ? errno[0] : (byte)0;
    }

    private Exception Translate(Exception exception, CancellationToken cancellationToken) =>
        exception switch
        {
            OperationCanceledException
                when cancellationToken.IsCancellationRequested && !_call.CancellationToken.IsCancellationRequested =>
                exception,
            TunnelFormatException => new RpcException(new Status(StatusCode.Internal, exception.Message, exception)),
            _ => _call.Translate(exception),
        };
}
