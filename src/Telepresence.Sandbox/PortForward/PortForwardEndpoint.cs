using System.Net.WebSockets;
using Microsoft.AspNetCore.Http.Features;
using Telepresence.Protocol.Spdy;
using Telepresence.Sandbox.Api;

namespace Telepresence.Sandbox.PortForward;

/// <summary>The <c>pods/portforward</c> subresource: native WebSocket channels, SPDY/3.1, and SPDY/3.1 inside a WebSocket (KEP-4006).</summary>
internal static class PortForwardEndpoint
{
    public const string PortForwardProtocol = "portforward.k8s.io";
    public const string TunnelProtocol = "SPDY/3.1+" + PortForwardProtocol;
    public const string ChannelProtocol = "v4.channel.k8s.io";
    private const string ProtocolHeader = "X-Stream-Protocol-Version";
    private const string SpdyUpgrade = "SPDY/3.1";

    public static async Task HandleAsync(HttpContext context, PortForwardTarget target)
    {
        // The peer's going away shows as the end of a read or a failing write; both end a forward in the ordinary way.
        try
        {
            if (context.WebSockets.IsWebSocketRequest)
            {
                await HandleWebSocketAsync(context, target).ConfigureAwait(false);
            }
            else if (string.Equals(context.Request.Headers.Upgrade, SpdyUpgrade, StringComparison.OrdinalIgnoreCase))
            {
                await HandleSpdyAsync(context, target).ConfigureAwait(false);
            }
            else
            {
                await ApiStatus
                    .WriteAsync(context, ApiStatus.BadRequest("Upgrade request required"))
                    .ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is not null)
        {
            context.Abort();
        }
    }

    private static async Task HandleWebSocketAsync(HttpContext context, PortForwardTarget target)
    {
        var offered = context.WebSockets.WebSocketRequestedProtocols;
        if (offered.Contains(TunnelProtocol))
        {
            // .NET takes no slash in a sub-protocol's name, so the handshake gets this header by hand.
            context.Response.Headers.SecWebSocketProtocol = TunnelProtocol;
            using var socket = await context.WebSockets.AcceptWebSocketAsync().ConfigureAwait(false);
            var transport = WebSocketStream.Create(
                socket,
                WebSocketMessageType.Binary,
                closeTimeout: TimeSpan.FromSeconds(5)
            );
            await using var transportScope = transport.ConfigureAwait(false);
            await SpdyPortForward.RunAsync(transport, target, context.RequestAborted).ConfigureAwait(false);
        }
        else if (offered.Contains(ChannelProtocol))
        {
            var ports = Ports(context.Request.Query["ports"]);
            if (ports is null)
            {
                await ApiStatus
                    .WriteAsync(context, ApiStatus.BadRequest("query parameter \"ports\" must name one or more ports"))
                    .ConfigureAwait(false);
                return;
            }
            using var socket = await context.WebSockets.AcceptWebSocketAsync(ChannelProtocol).ConfigureAwait(false);
            using var forward = new ChannelPortForward(socket, target, ports);
            await forward.RunAsync(context.RequestAborted).ConfigureAwait(false);
        }
        else
        {
            await ApiStatus
                .WriteAsync(
                    context,
                    ApiStatus.BadRequest(
                        $"unable to negotiate a port-forward protocol: offered {string.Join(", ", offered)}; served {TunnelProtocol}, {ChannelProtocol}"
                    )
                )
                .ConfigureAwait(false);
        }
    }

    private static async Task HandleSpdyAsync(HttpContext context, PortForwardTarget target)
    {
        if (context.Features.Get<IHttpUpgradeFeature>() is not { IsUpgradableRequest: true } upgrade)
        {
            await ApiStatus.WriteAsync(context, ApiStatus.BadRequest("Upgrade request required")).ConfigureAwait(false);
            return;
        }
        var offered = context
            .Request.Headers[ProtocolHeader]
            .SelectMany(v => (v ?? "").Split(',', StringSplitOptions.TrimEntries));
        if (!offered.Contains(PortForwardProtocol))
        {
            context.Response.Headers["X-Accepted-Stream-Protocol-Versions"] = PortForwardProtocol;
            await ApiStatus
                .WriteAsync(context, ApiStatus.Create(403, "Forbidden", "unable to negotiate a stream protocol"))
                .ConfigureAwait(false);
            return;
        }
        context.Response.Headers[ProtocolHeader] = PortForwardProtocol;
        context.Response.Headers.Upgrade = SpdyUpgrade;
        var transport = await upgrade.UpgradeAsync().ConfigureAwait(false);
        await using var transportScope = transport.ConfigureAwait(false);
        await SpdyPortForward.RunAsync(transport, target, context.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>Both <c>ports=1&amp;ports=2</c> and <c>ports=1,2</c> are in use.</summary>
    private static List<int>? Ports(IEnumerable<string?> values)
    {
        var ports = new List<int>();
        foreach (var text in values.SelectMany(v => (v ?? "").Split(',')))
        {
            if (!ushort.TryParse(text, out var port) || port == 0)
            {
                return null;
            }
            ports.Add(port);
        }
        return ports.Count is > 0 and <= 100 ? ports : null;
    }
}
