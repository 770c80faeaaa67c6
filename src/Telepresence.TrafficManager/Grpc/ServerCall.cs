using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using Telepresence.Protocol.Grpc;

namespace Telepresence.TrafficManager.Grpc;

/// <summary>A call being served.</summary>
internal sealed class ServerCall(HttpContext context, int maxReceiveMessageSize, CancellationToken cancellationToken)
{
    /// <summary>Cancelled when the peer is gone, its deadline is over, or the server stops.</summary>
    public CancellationToken CancellationToken => cancellationToken;

    public int MaxReceiveMessageSize => maxReceiveMessageSize;

    /// <summary>Raw access for the Tunnel rpc.</summary>
    public HttpContext Context => context;

    /// <summary>Null after the last message.</summary>
    public ValueTask<T?> ReadAsync<T>()
        where T : class, IMessage<T>, new() =>
        GrpcFraming.ReadMessageAsync<T>(context.Request.Body, maxReceiveMessageSize, cancellationToken);

    /// <summary>Sends the headers now; without this a peer that waits for them waits for the first message.</summary>
    public async Task SendHeadersAsync()
    {
        await context.Response.StartAsync(cancellationToken).ConfigureAwait(false);
        await context.Response.BodyWriter.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    public async Task WriteAsync(IMessage message)
    {
        await context
            .Response.BodyWriter.WriteAsync(GrpcFraming.Encode(message), cancellationToken)
            .ConfigureAwait(false);
    }
}
