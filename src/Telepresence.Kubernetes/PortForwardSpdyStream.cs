using System.Globalization;
using System.Text;
using Telepresence.Protocol;
using Telepresence.Protocol.Spdy;

namespace Telepresence.Kubernetes;

/// <summary>
/// One forwarded port as a duplex byte stream over a SPDY/3.1 connection of its own: an error stream, which the client says
/// nothing on, and a data stream (<c>portforward.k8s.io</c>). One reader and any number of writers at a time.
/// </summary>
internal sealed class PortForwardSpdyStream : DuplexStream
{
    private const int MaximumErrorText = 16 << 10;
    private const string RequestId = "0";

    private readonly SpdyConnection _connection;
    private readonly Stream _transport;
    private readonly string _target;
    private readonly CancellationTokenSource _ended = new();
    private readonly Task _running;
    private readonly SpdyStream _error;
    private readonly SpdyStream _data;
    private int _disposed;

    private PortForwardSpdyStream(Stream frames, Stream transport, int port, string target)
    {
        _transport = transport;
        _target = target;
        _connection = SpdyConnection.Client(frames);
        _error = _connection.Open(Headers("error", port));
        _data = _connection.Open(Headers("data", port));
        _running = _connection.RunAsync(_ended.Token);
    }

    /// <summary>Opens the port's two streams; returns when the peer has accepted both.</summary>
    /// <param name="frames">What carries the frames.</param>
    /// <param name="transport">What lies below <paramref name="frames"/>, or they themselves. Closed at the end.</param>
    /// <param name="target">Names the pod and port in errors.</param>
    /// <exception cref="KubernetesException">PortForwardFailed.</exception>
    public static async Task<PortForwardSpdyStream> OpenAsync(
        Stream frames,
        Stream transport,
        int port,
        string target,
        CancellationToken cancellationToken
    )
    {
        var stream = new PortForwardSpdyStream(frames, transport, port, target);
        try
        {
            await stream._error.CloseWriteAsync(cancellationToken).ConfigureAwait(false);
            await Task.WhenAll(stream._error.Replied, stream._data.Replied)
                .WaitAsync(cancellationToken)
                .ConfigureAwait(false);
            return stream;
        }
        catch (Exception e)
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            if (e is IOException)
            {
                throw PortForwardErrors.Refused("SPDY connection", e.Message);
            }
            throw;
        }
    }

    /// <summary>0 at the end: the pod closed the connection and gave no error.</summary>
    /// <exception cref="KubernetesException">PortForwardFailed, with the cluster's words.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.Length == 0)
        {
            return 0;
        }
        try
        {
            if (await _data.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is > 0 and var count)
            {
                return count;
            }
        }
        catch (EndOfStreamException)
        {
            // The connection ended without FIN: as an API server that was stopped does.
        }
        catch (IOException e) when (ErrorText() is { Length: 0 })
        {
            throw PortForwardErrors.Failed(_target, e.Message);
        }
        catch (IOException)
        {
            // What the cluster says tells more than that the stream was reset.
        }
        return ErrorText() is { Length: > 0 } text ? throw PortForwardErrors.Failed(_target, text) : 0;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        _data.WriteAsync(buffer, cancellationToken);

    /// <summary>Every frame is written through.</summary>
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush() { }

    public override async ValueTask DisposeAsync()
    {
        if (BeginEnd())
        {
            await _transport.DisposeAsync().ConfigureAwait(false);
            await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            EndConnection();
        }
        await base.DisposeAsync().ConfigureAwait(false);
        GC.SuppressFinalize(this);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && BeginEnd())
        {
            _transport.Dispose();
            _running.ContinueWith(
                static (running, stream) =>
                {
                    _ = running.Exception;
                    ((PortForwardSpdyStream)stream!).EndConnection();
                },
                this,
                CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default
            );
        }
        base.Dispose(disposing);
    }

    private bool BeginEnd()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return false;
        }
        _connection.GoAway();
        _ended.Cancel();
        return true;
    }

    private void EndConnection()
    {
        _connection.Dispose();
        _ended.Dispose();
    }

    /// <summary>Lower case: Go's SPDY refuses other names.</summary>
    private static Dictionary<string, string> Headers(string type, int port) =>
        new()
        {
            ["streamtype"] = type,
            ["port"] = port.ToString(CultureInfo.InvariantCulture),
            ["requestid"] = RequestId,
        };

    /// <summary>What has arrived on the error stream: it comes before the data's end.</summary>
    private string ErrorText()
    {
        try
        {
            if (!_error.Incoming.TryRead(out var read))
            {
                return "";
            }
            var text = read.Buffer.Slice(0, Math.Min(read.Buffer.Length, MaximumErrorText));
            var result = Encoding.UTF8.GetString(text);
            // Kept for who asks again.
            _error.Incoming.AdvanceTo(read.Buffer.Start);
            return result;
        }
        catch (IOException)
        {
            return "";
        }
    }
}
