using System.Runtime.CompilerServices;
using Google.Protobuf;

namespace Telepresence.Protocol.Grpc;

/// <summary>A call with one message each way; await it.</summary>
public sealed class AsyncUnaryCall<TResponse> : IDisposable
    where TResponse : class, IMessage<TResponse>, new()
{
    private readonly GrpcCall _call;

    internal AsyncUnaryCall(GrpcCall call, int maxMessageSize)
    {
        _call = call;
        ResponseAsync = ReceiveAsync(maxMessageSize);
    }

    /// <summary>The answer; the call frees itself with it.</summary>
    /// <exception cref="RpcException">Another status than OK.</exception>
    public Task<TResponse> ResponseAsync { get; }

    /// <summary>Awaits <see cref="ResponseAsync"/>.</summary>
    public TaskAwaiter<TResponse> GetAwaiter() => ResponseAsync.GetAwaiter();

    /// <summary>As an await expression without the synchronisation context.</summary>
    public ConfiguredTaskAwaitable<TResponse> ConfigureAwait(bool continueOnCapturedContext) =>
        ResponseAsync.ConfigureAwait(continueOnCapturedContext);

    /// <summary>Gives the call up.</summary>
    public void Dispose() => _call.Dispose();

    private async Task<TResponse> ReceiveAsync(int maxMessageSize)
    {
        using var call = _call;
        try
        {
            var stream = await call.GetResponseStreamAsync().ConfigureAwait(false);
            var message = await GrpcFraming
                .ReadMessageAsync<TResponse>(stream, maxMessageSize, call.CancellationToken)
                .ConfigureAwait(false);
            if (message is not null)
            {
                var second = await GrpcFraming
                    .ReadMessageAsync<TResponse>(stream, maxMessageSize, call.CancellationToken)
                    .ConfigureAwait(false);
                if (second is not null)
                    throw new RpcException(StatusCode.Internal, "The peer sent more than one message.");
            }
            call.ThrowUnlessOk();
            return message ?? throw new RpcException(StatusCode.Internal, "The peer sent no message.");
        }
        catch (Exception e) when (GrpcCall.IsOfTransport(e))
        {
            throw call.Translate(e);
        }
    }
}
