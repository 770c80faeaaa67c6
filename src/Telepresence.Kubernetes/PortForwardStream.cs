using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Telepresence.Protocol;

namespace Telepresence.Kubernetes;

/// <summary>
/// One forwarded port as a duplex byte stream over an upgraded connection: WebSocket frames (RFC 6455) of the subprotocol
/// <c>v4.channel.k8s.io</c>, channel 0 data, channel 1 errors. One reader and any number of writers at a time.
/// </summary>
/// <remarks>
/// The framing is our own because the channel byte must be in the same frame as the data (API servers do not join
/// fragments): ClientWebSocket would cost one more copy of every byte.
/// </remarks>
internal sealed class PortForwardStream : DuplexStream
{
    /// <summary>Largest payload put into one frame; what the API server and kubelet copy in one go.</summary>
    internal const int MaximumPayload = 64 << 10;

    private const int MaximumHeader = 14;
    private const int MaximumControlPayload = 125;
    private const int MaximumErrorText = 16 << 10;

    private readonly Stream _transport;
    private readonly string _target;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly byte[] _writeBuffer = new byte[MaximumHeader + 1 + MaximumPayload];
    private readonly byte[] _readBuffer = new byte[MaximumPayload];
    private readonly byte[] _control = new byte[MaximumControlPayload];
    private readonly StringBuilder _errorText = new();

    // Each channel starts with its port, two bytes that tell nothing new.
    private readonly int[] _prefixLeft = [2, 2];
    private int _readStart;
    private int _readEnd;

    // State of the frame being read.
    private long _frameLeft;
    private Opcode _opcode;
    private int _channel = -1;
    private bool _messageEnds = true;

    private byte[]? _pong;
    private Task _pongWrite = Task.CompletedTask;
    private bool _ended;
    private int _disposed;

    /// <param name="target">Names the pod and port in errors.</param>
    public PortForwardStream(Stream transport, string target)
    {
        _transport = transport;
        _target = target;
    }

    private enum Opcode
    {
        Continuation = 0,
        Text = 1,
        Binary = 2,
        Close = 8,
        Ping = 9,
        Pong = 10,
    }

    /// <summary>0 at the end: the pod closed the connection and gave no error.</summary>
    /// <exception cref="KubernetesException">PortForwardFailed, with the cluster's words.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.Length == 0)
        {
            return 0;
        }
        try
        {
            while (!_ended)
            {
                if (_frameLeft == 0)
                {
                    await ReadFrameHeaderAsync(cancellationToken).ConfigureAwait(false);
                    continue;
                }
                if (_opcode >= Opcode.Close)
                {
                    await ReadControlAsync(cancellationToken).ConfigureAwait(false);
                    continue;
                }
                if (_channel < 0)
                {
                    await FillAsync(1, cancellationToken).ConfigureAwait(false);
                    _channel = _readBuffer[_readStart++];
                    _frameLeft--;
                    if (_channel > 1)
                    {
                        throw Failed($"data on unknown channel {_channel}");
                    }
                    continue;
                }
                if (_prefixLeft[_channel] > 0)
                {
                    await FillAsync(1, cancellationToken).ConfigureAwait(false);
                    _prefixLeft[_channel]--;
                    _readStart++;
                    _frameLeft--;
                    continue;
                }
                if (_channel == 1)
                {
                    await ReadErrorTextAsync(cancellationToken).ConfigureAwait(false);
                    continue;
                }
                var count = await ReadPayloadAsync(buffer, cancellationToken).ConfigureAwait(false);
                _frameLeft -= count;
                return count;
            }
        }
        catch (EndOfStreamException) when (_errorText.Length == 0)
        {
            // The connection ended without a closing frame: as an API server that was stopped does.
            _ended = true;
        }
        return _errorText.Length == 0 ? 0 : throw Failed(_errorText.ToString());
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer,
        CancellationToken cancellationToken = default
    )
    {
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            while (buffer.Length > 0)
            {
                var payload = buffer[..Math.Min(buffer.Length, MaximumPayload)];
                buffer = buffer[payload.Length..];
                await WriteFrameAsync(Opcode.Binary, channel: 0, payload, cancellationToken).ConfigureAwait(false);
            }
            await WritePendingPongAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _writing.Release();
        }
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => _transport.FlushAsync(cancellationToken);

    public override void Flush() => _transport.Flush();

    public override async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            await _transport.DisposeAsync().ConfigureAwait(false);
            await _pongWrite.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        await base.DisposeAsync().ConfigureAwait(false);
        GC.SuppressFinalize(this);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _transport.Dispose();
        }
        base.Dispose(disposing);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask ReadFrameHeaderAsync(CancellationToken cancellationToken)
    {
        await FillAsync(2, cancellationToken).ConfigureAwait(false);
        var first = _readBuffer[_readStart];
        var second = _readBuffer[_readStart + 1];
        if ((first & 0x70) != 0 || (second & 0x80) != 0)
        {
            throw Failed("a malformed WebSocket frame");
        }
        var opcode = (Opcode)(first & 0x0f);
        var final = (first & 0x80) != 0;
        var length = second & 0x7f;
        var header =
            length == 127 ? 10
            : length == 126 ? 4
            : 2;
        await FillAsync(header, cancellationToken).ConfigureAwait(false);
        _frameLeft = length switch
        {
            127 => BinaryPrimitives.ReadInt64BigEndian(_readBuffer.AsSpan(_readStart + 2)),
            126 => BinaryPrimitives.ReadUInt16BigEndian(_readBuffer.AsSpan(_readStart + 2)),
            _ => length,
        };
        _readStart += header;
        if (_frameLeft < 0)
        {
            throw Failed("a WebSocket frame of negative length");
        }
        if (opcode >= Opcode.Close)
        {
            if (opcode > Opcode.Pong || !final || _frameLeft > MaximumControlPayload)
            {
                throw Failed("a malformed WebSocket control frame");
            }
            _opcode = opcode;
            if (_frameLeft == 0)
            {
                HandleControl(opcode, []);
            }
            return;
        }
        if (opcode > Opcode.Binary || opcode == Opcode.Continuation == _messageEnds)
        {
            throw Failed("a WebSocket frame out of order");
        }
        _opcode = opcode;
        if (opcode != Opcode.Continuation)
        {
            _channel = -1;
        }
        _messageEnds = final;
    }

    private async ValueTask ReadControlAsync(CancellationToken cancellationToken)
    {
        var length = (int)_frameLeft;
        await FillAsync(length, cancellationToken).ConfigureAwait(false);
        _readBuffer.AsSpan(_readStart, length).CopyTo(_control);
        _readStart += length;
        _frameLeft = 0;
        HandleControl(_opcode, _control.AsSpan(0, length));
    }

    private void HandleControl(Opcode opcode, ReadOnlySpan<byte> payload)
    {
        if (opcode == Opcode.Close)
        {
            _ended = true;
            var code = payload.Length >= 2 ? BinaryPrimitives.ReadUInt16BigEndian(payload) : 1000;
            if (code is not (1000 or 1001) && _errorText.Length == 0)
            {
                _errorText.Append(
                    System.Globalization.CultureInfo.InvariantCulture,
                    $"WebSocket close {code} {Encoding.UTF8.GetString(payload[2..])}"
                );
            }
        }
        else if (opcode == Opcode.Ping)
        {
            // RFC 6455 5.5.3: only the latest ping needs an answer.
            Volatile.Write(ref _pong, payload.ToArray());
            if (_pongWrite.IsCompleted && _writing.Wait(0, CancellationToken.None))
            {
                _pongWrite = SendPongAndReleaseAsync();
            }
        }
    }

    private async Task SendPongAndReleaseAsync()
    {
        // The reader must not wait for a writer that waits for the peer; a failure shows in the next read.
        try
        {
            await WritePendingPongAsync(CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            _writing.Release();
        }
    }

    private async ValueTask WritePendingPongAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _pong, null) is { } payload)
        {
            await WriteFrameAsync(Opcode.Pong, channel: null, payload, cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask ReadErrorTextAsync(CancellationToken cancellationToken)
    {
        await FillAsync(1, cancellationToken).ConfigureAwait(false);
        var count = (int)Math.Min(_frameLeft, _readEnd - _readStart);
        if (_errorText.Length < MaximumErrorText)
        {
            _errorText.Append(Encoding.UTF8.GetString(_readBuffer, _readStart, count));
        }
        _readStart += count;
        _frameLeft -= count;
        if (_frameLeft == 0 && _messageEnds)
        {
            _ended = true;
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReadPayloadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var wanted = (int)Math.Min(buffer.Length, _frameLeft);
        if (_readStart == _readEnd)
        {
            if (wanted >= _readBuffer.Length / 4)
            {
                var direct = await _transport.ReadAsync(buffer[..wanted], cancellationToken).ConfigureAwait(false);
                return direct > 0 ? direct : throw new EndOfStreamException();
            }
            await FillAsync(1, cancellationToken).ConfigureAwait(false);
        }
        var count = Math.Min(wanted, _readEnd - _readStart);
        _readBuffer.AsSpan(_readStart, count).CopyTo(buffer.Span);
        _readStart += count;
        return count;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask FillAsync(int wanted, CancellationToken cancellationToken)
    {
        if (_readEnd - _readStart >= wanted)
        {
            return;
        }
        _readBuffer.AsSpan(_readStart, _readEnd - _readStart).CopyTo(_readBuffer);
        _readEnd -= _readStart;
        _readStart = 0;
        while (_readEnd < wanted)
        {
            var count = await _transport
                .ReadAsync(_readBuffer.AsMemory(_readEnd), cancellationToken)
                .ConfigureAwait(false);
            if (count == 0)
            {
                throw new EndOfStreamException();
            }
            _readEnd += count;
        }
    }

    private ValueTask WriteFrameAsync(
        Opcode opcode,
        byte? channel,
        ReadOnlyMemory<byte> payload,
        CancellationToken cancellationToken
    )
    {
        var length = payload.Length + (channel is null ? 0 : 1);
        var frame = _writeBuffer.AsSpan();
        frame[0] = (byte)(0x80 | (int)opcode);
        int header;
        if (length < 126)
        {
            frame[1] = (byte)(0x80 | length);
            header = 2;
        }
        else if (length <= ushort.MaxValue)
        {
            frame[1] = 0x80 | 126;
            BinaryPrimitives.WriteUInt16BigEndian(frame[2..], (ushort)length);
            header = 4;
        }
        else
        {
            frame[1] = 0x80 | 127;
            BinaryPrimitives.WriteInt64BigEndian(frame[2..], length);
            header = 10;
        }
        var mask = frame.Slice(header, 4);
        RandomNumberGenerator.Fill(mask);
        header += 4;
        var start = header;
        if (channel is { } number)
        {
            frame[start++] = (byte)(number ^ mask[0]);
        }
        WebSocketMask.Copy(payload.Span, frame[start..], mask, phase: start - header);
        return _transport.WriteAsync(_writeBuffer.AsMemory(0, start + payload.Length), cancellationToken);
    }

    private KubernetesException Failed(string why) => PortForwardErrors.Failed(_target, why);
}
