using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Tunnel;

namespace Telepresence.Engine.Manager;

/// <summary>Opens tunnels with a traffic-manager, or with a traffic-agent: both speak the same.</summary>
/// <param name="open">Starts the Tunnel rpc.</param>
/// <param name="sessionId">Ours.</param>
/// <param name="options">Times.</param>
internal sealed class TunnelDialer(Func<CallOptions, GrpcCall> open, string sessionId, TunnelOptions options)
    : ITunnelDialer
{
    public TunnelOptions Options => options;

    /// <summary>Returns after StreamOK; the dial goes on.</summary>
    /// <exception cref="RpcException">NotFound: the session is unknown. DeadlineExceeded: no StreamOK in time. Others: the way there broke.</exception>
    public ValueTask<ManagerTunnel> OpenAsync(ConnId id, CancellationToken cancellationToken) =>
        OpenAsync(id, isDialled: true, cancellationToken);

    /// <summary>Answers a DialRequest: a tunnel for which this side dials (PROTOCOL §2.7).</summary>
    /// <inheritdoc cref="OpenAsync(ConnId, CancellationToken)"/>
    public ValueTask<ManagerTunnel> AnswerAsync(ConnId id, CancellationToken cancellationToken) =>
        OpenAsync(id, isDialled: false, cancellationToken);

    private async ValueTask<ManagerTunnel> OpenAsync(ConnId id, bool isDialled, CancellationToken cancellationToken)
    {
        // No deadline of the call's own: that would also end the tunnel later.
        var limit = options.RoundtripLatency + options.DialTimeout;
        using var late = new CancellationTokenSource(limit, options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        var call = open(default);
        TunnelReader? reader = null;
        try
        {
            var writer = new TunnelWriter(
                await call.GetRequestStreamAsync().AsTask().WaitAsync(either.Token).ConfigureAwait(false)
            );
            var info = new StreamInfo(id, sessionId, options.RoundtripLatency, options.DialTimeout);
            await writer
                .WriteAsync(TunnelMessageCode.StreamInfo, info.ToByteArray(), either.Token)
                .ConfigureAwait(false);
            var responses = await call.GetResponseStreamAsync().AsTask().WaitAsync(either.Token).ConfigureAwait(false);
            reader = new TunnelReader(responses);
            if (!await reader.ReadAsync(either.Token).ConfigureAwait(false))
            {
                call.ThrowUnlessOk();
                throw new RpcException(StatusCode.Internal, "The tunnel ended before it began.");
            }
            if (reader.Code != TunnelMessageCode.StreamOk)
                throw new RpcException(StatusCode.Internal, $"The tunnel began with {reader.Code}, not with StreamOk.");
            return new ManagerTunnel(call, reader, writer, options, isDialled);
        }
        catch (Exception e) when (ManagerTunnel.IsOfTunnel(e))
        {
            var translated = e switch
            {
                OperationCanceledException when cancellationToken.IsCancellationRequested => e,
                OperationCanceledException when late.IsCancellationRequested => new RpcException(
                    new Status(StatusCode.DeadlineExceeded, $"No StreamOK within {limit.TotalSeconds:0.#} s.", e)
                ),
                TunnelFormatException => new RpcException(new Status(StatusCode.Internal, e.Message, e)),
                _ => call.Translate(e),
            };
            reader?.Dispose();
            call.Dispose();
            if (ReferenceEquals(translated, e))
                throw;
            throw translated;
        }
    }
}
