using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace Telepresence.UnitTests.Sandbox;

public sealed class NetworkTests(SandboxFixture sandbox) : IClassFixture<SandboxFixture>
{
    [Theory]
    [InlineData("closed", 80)]
    [InlineData("web", 81)]
    [InlineData("web", 12345)]
    public async Task A_closed_port_refuses(string service, int port)
    {
        var error = await Assert.ThrowsAsync<SocketException>(async () => await DialAsync(service, port));
        Assert.Equal(SocketError.ConnectionRefused, error.SocketErrorCode);
    }

    [Fact]
    public async Task Addresses_outside_the_cluster_are_refused()
    {
        var outside = new IPEndPoint(IPAddress.Loopback, sandbox.Cluster.ApiServer.Port);
        var error = await Assert.ThrowsAsync<SocketException>(async () =>
            await sandbox.Cluster.Dialer.DialTcpAsync(outside, CancellationToken.None)
        );
        Assert.Equal(SocketError.ConnectionRefused, error.SocketErrorCode);
    }

    [SkippableFact]
    public async Task A_silent_port_neither_accepts_nor_refuses()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "needs Linux: its kernel drops a SYN when the backlog is full");
        using var given = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            await sandbox.Cluster.Dialer.DialTcpAsync(
                SandboxFixture.Service(sandbox.Cluster, "silent", 80),
                given.Token
            )
        );
    }

    [Fact]
    public async Task Tcp_echo_half_closes_after_the_peer()
    {
        using var socket = await DialAsync("tcp-echo", 7);
        await socket.SendAsync("hello"u8.ToArray());
        socket.Shutdown(SocketShutdown.Send);
        Assert.Equal("hello", await ReadToEndAsync(socket));
    }

    [Fact]
    public async Task Udp_echo_answers_over_both_families()
    {
        foreach (var family in (AddressFamily[])[AddressFamily.InterNetwork, AddressFamily.InterNetworkV6])
        {
            var address = sandbox.Cluster.ServiceAddress("udp-echo", family: family);
            using var socket = await sandbox.Cluster.Dialer.DialUdpAsync(new(address, 7), CancellationToken.None);
            await socket.SendAsync("ping"u8.ToArray());
            var buffer = new byte[16];
            var read = await socket.ReceiveAsync(buffer).WaitAsync(TimeSpan.FromSeconds(30));
            Assert.Equal("ping", Encoding.ASCII.GetString(buffer, 0, read));
        }
    }

    [Fact]
    public async Task Bulk_reports_the_digest_of_what_it_sends_and_receives()
    {
        const int Length = 1_000_003;
        using var down = await DialAsync("bulk", 9000);
        await down.SendAsync(Encoding.ASCII.GetBytes($"GET {Length} 7\n"));
        using var stream = new NetworkStream(down);
        var content = new byte[Length];
        await stream.ReadExactlyAsync(content);
        var digest = Convert.ToHexStringLower(SHA256.HashData(content));
        Assert.Equal($"SHA256 {digest}\n", await ReadToEndAsync(down));

        using var up = await DialAsync("bulk", 9000);
        await up.SendAsync(Encoding.ASCII.GetBytes($"PUT {Length}\n"));
        using var upStream = new NetworkStream(up);
        await upStream.WriteAsync(content);
        Assert.Equal($"SHA256 {digest}\n", await ReadToEndAsync(up));
    }

    private ValueTask<Socket> DialAsync(string service, int port) =>
        sandbox.Cluster.Dialer.DialTcpAsync(
            SandboxFixture.Service(sandbox.Cluster, service, port),
            CancellationToken.None
        );

    private static async Task<string> ReadToEndAsync(Socket socket)
    {
        var text = new StringBuilder();
        var buffer = new byte[1024];
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        int read;
        while ((read = await socket.ReceiveAsync(buffer, deadline.Token)) > 0)
        {
            text.Append(Encoding.ASCII.GetString(buffer, 0, read));
        }
        return text.ToString();
    }
}
