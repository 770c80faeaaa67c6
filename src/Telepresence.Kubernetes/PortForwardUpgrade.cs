using System.Net;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;

namespace Telepresence.Kubernetes;

/// <summary>Asks the API server to turn a request into a connection to a pod.</summary>
internal static class PortForwardUpgrade
{
    private const string StreamProtocol = "portforward.k8s.io";
    private const string ChannelProtocol = "v4.channel.k8s.io";
    private const string TunnelProtocol = SpdyProtocol + "+" + StreamProtocol;
    private const string SpdyProtocol = "SPDY/3.1";

    /// <summary>A stream to the port, whatever carries it.</summary>
    /// <param name="path">Of the subresource.</param>
    /// <param name="target">Names the pod and port in errors.</param>
    /// <exception cref="KubernetesException">What any call throws; PortForwardFailed: what answered does not speak this.</exception>
    public static async Task<Stream> OpenAsync(
        KubernetesClient client,
        PortForwardTransport transport,
        string path,
        int port,
        string target,
        CancellationToken cancellationToken
    )
    {
        switch (transport)
        {
            case PortForwardTransport.WebSocketChannels:
                return new PortForwardStream(
                    await UpgradeAsync(client, path, port, ChannelProtocol, cancellationToken).ConfigureAwait(false),
                    target
                );
            case PortForwardTransport.WebSocketTunnel:
                var tunnel = await UpgradeAsync(client, path, port, TunnelProtocol, cancellationToken)
                    .ConfigureAwait(false);
                var socket = WebSocket.CreateFromStream(tunnel, new WebSocketCreationOptions { IsServer = false });
                return await PortForwardSpdyStream
                    .OpenAsync(
                        WebSocketStream.Create(socket, WebSocketMessageType.Binary),
                        tunnel,
                        port,
                        target,
                        cancellationToken
                    )
                    .ConfigureAwait(false);
            default:
                var spdy = await UpgradeAsync(client, path, cancellationToken).ConfigureAwait(false);
                return await PortForwardSpdyStream
                    .OpenAsync(spdy, spdy, port, target, cancellationToken)
                    .ConfigureAwait(false);
        }
    }

    private static async Task<Stream> UpgradeAsync(
        KubernetesClient client,
        string path,
        CancellationToken cancellationToken
    )
    {
        var response = await client
            .SendAsync(
                () =>
                {
                    var request = client.CreateRequest(HttpMethod.Post, path);
                    request.Headers.TryAddWithoutValidation("Connection", "Upgrade");
                    request.Headers.TryAddWithoutValidation("Upgrade", SpdyProtocol);
                    request.Headers.TryAddWithoutValidation("X-Stream-Protocol-Version", StreamProtocol);
                    return request;
                },
                cancellationToken
            )
            .ConfigureAwait(false);
        return await TakeAsync(
                response,
                "SPDY connection",
                Header(response, "Upgrade") is { } upgraded
                && !upgraded.Equals(SpdyProtocol, StringComparison.OrdinalIgnoreCase)
                    ? $"it speaks {upgraded}"
                    : null,
                cancellationToken
            )
            .ConfigureAwait(false);
    }

    private static async Task<Stream> UpgradeAsync(
        KubernetesClient client,
        string path,
        int port,
        string subprotocol,
        CancellationToken cancellationToken
    )
    {
        var key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(16));
        var response = await client
            .SendAsync(
                () =>
                {
                    var request = client.CreateRequest(HttpMethod.Get, $"{path}?ports={port}");
                    request.Headers.TryAddWithoutValidation("Connection", "Upgrade");
                    request.Headers.TryAddWithoutValidation("Upgrade", "websocket");
                    request.Headers.TryAddWithoutValidation("Sec-WebSocket-Version", "13");
                    request.Headers.TryAddWithoutValidation("Sec-WebSocket-Key", key);
                    request.Headers.TryAddWithoutValidation("Sec-WebSocket-Protocol", subprotocol);
                    return request;
                },
                cancellationToken
            )
            .ConfigureAwait(false);
#pragma warning disable CA5350 // RFC 6455 4.2.2 prescribes SHA-1; it proves nothing but that the peer speaks WebSocket.
        var expected = Convert.ToBase64String(
            SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
        );
#pragma warning restore CA5350
        return await TakeAsync(
                response,
                "WebSocket",
                Header(response, "Sec-WebSocket-Accept") != expected ? "its Sec-WebSocket-Accept is wrong"
                    : Header(response, "Sec-WebSocket-Protocol") != subprotocol ? $"it does not speak {subprotocol}"
                    : null,
                cancellationToken
            )
            .ConfigureAwait(false);
    }

    /// <param name="wrong">What is wrong with an answer that is an upgrade.</param>
    private static async Task<Stream> TakeAsync(
        HttpResponseMessage response,
        string wanted,
        string? wrong,
        CancellationToken cancellationToken
    )
    {
        try
        {
            if (response.StatusCode != HttpStatusCode.SwitchingProtocols)
            {
                wrong = $"it answered {(int)response.StatusCode} {response.ReasonPhrase} instead of an upgrade";
            }
            return wrong is null
                ? await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false)
                : throw PortForwardErrors.Refused(wanted, wrong);
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;
}
