using System.Net.WebSockets;
using System.Text;

namespace Telepresence.UnitTests.Sandbox;

public sealed class ChannelPortForwardTests(SandboxFixture sandbox) : IClassFixture<SandboxFixture>
{
    private readonly CancellationToken _deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token;

    [Fact]
    public async Task Both_channels_of_each_port_start_with_the_port()
    {
        using var socket = await ConnectAsync("web-0", "ports=8080&ports=8081");
        foreach (var (channel, port) in new[] { (0, 8080), (1, 8080), (2, 8081), (3, 8081) })
        {
            var message = await ReceiveAsync(socket);
            Assert.Equal([(byte)channel, (byte)port, (byte)(port >> 8)], message);
        }
        var error = await ReceiveAsync(socket);
        Assert.Equal(3, error[0]);
        Assert.Contains("8081", Encoding.UTF8.GetString(error), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bytes_travel_both_ways()
    {
        using var socket = await ConnectAsync("echo-0", "ports=7");
        await ReceiveAsync(socket);
        await ReceiveAsync(socket);
        await socket.SendAsync("\0hello"u8.ToArray(), WebSocketMessageType.Binary, true, _deadline);
        Assert.Equal("\0hello"u8.ToArray(), await ReceiveAsync(socket));
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, _deadline);
    }

    [Fact]
    public async Task A_message_in_fragments_has_one_channel_byte()
    {
        using var socket = await ConnectAsync("echo-0", "ports=7");
        await ReceiveAsync(socket);
        await ReceiveAsync(socket);
        await socket.SendAsync("\0ab"u8.ToArray(), WebSocketMessageType.Binary, false, _deadline);
        await socket.SendAsync("cd"u8.ToArray(), WebSocketMessageType.Binary, true, _deadline);
        var text = "";
        while (text.Length < 4)
        {
            text += Encoding.ASCII.GetString((await ReceiveAsync(socket)).AsSpan(1));
        }
        Assert.Equal("abcd", text);
    }

    private async Task<ClientWebSocket> ConnectAsync(string pod, string query)
    {
        var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("v4.channel.k8s.io");
        socket.Options.SetRequestHeader("Authorization", "Bearer " + sandbox.Cluster.Token);
        var uri = new UriBuilder(sandbox.Cluster.ApiServer)
        {
            Scheme = "wss",
            Path = $"/api/v1/namespaces/demo/pods/{pod}/portforward",
            Query = query,
        };
        using var invoker = new HttpMessageInvoker(SandboxFixture.Handler(sandbox.Cluster));
        await socket.ConnectAsync(uri.Uri, invoker, _deadline);
        return socket;
    }

    private async Task<byte[]> ReceiveAsync(ClientWebSocket socket)
    {
        var buffer = new byte[4096];
        var received = await socket.ReceiveAsync(buffer, _deadline);
        return buffer[..received.Count];
    }
}
