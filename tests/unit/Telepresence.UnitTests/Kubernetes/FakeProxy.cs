using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Telepresence.UnitTests.Kubernetes;

/// <summary>A proxy on loopback, HTTP CONNECT or SOCKS5 (RFC 1928), that leads everything to one server and notes who was asked for.</summary>
internal sealed class FakeProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _connections = [];
    private readonly bool _socks;
    private readonly Uri _server;
    private readonly Task _accepting;

    public FakeProxy(bool socks, string server)
    {
        _socks = socks;
        _server = new Uri(server);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public string Url => $"{(_socks ? "socks5" : "http")}://127.0.0.1:{Port}";

    /// <summary>Host and port, and the credentials given, of each connection.</summary>
    public List<(string Target, string Credentials)> Asked { get; } = [];

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        await Task.WhenAll(_connections);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _connections.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException) { }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        using (TcpClient onward = new())
        {
            try
            {
                var stream = client.GetStream();
                Asked.Add(_socks ? await AnswerSocksAsync(stream) : await AnswerConnectAsync(stream));
                await onward.ConnectAsync(_server.Host, _server.Port, _stop.Token);
                var there = stream.CopyToAsync(onward.GetStream(), _stop.Token);
                var back = onward.GetStream().CopyToAsync(stream, _stop.Token);
                await Task.WhenAny(there, back);
                client.Close();
                onward.Close();
                await Task.WhenAll(there, back);
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException) { }
        }
    }

    private async Task<(string Target, string Credentials)> AnswerConnectAsync(Stream stream)
    {
        using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true, bufferSize: 1);
        var target = (await reader.ReadLineAsync(_stop.Token))!.Split(' ')[1];
        var credentials = "";
        while (await reader.ReadLineAsync(_stop.Token) is { Length: > 0 } line)
        {
            if (line.StartsWith("Proxy-Authorization: Basic ", StringComparison.OrdinalIgnoreCase))
            {
                credentials = Encoding.ASCII.GetString(Convert.FromBase64String(line.Split(' ')[2]));
            }
        }
        // Credentials are given to those that ask only.
        if (credentials.Length == 0)
        {
            await stream.WriteAsync(
                "HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n"u8.ToArray(),
                _stop.Token
            );
            return await AnswerConnectAsync(stream);
        }
        await stream.WriteAsync("HTTP/1.1 200 OK\r\n\r\n"u8.ToArray(), _stop.Token);
        return (target, credentials);
    }

    private async Task<(string Target, string Credentials)> AnswerSocksAsync(Stream stream)
    {
        var head = await ReadAsync(stream, 2);
        await ReadAsync(stream, head[1]);
        await stream.WriteAsync(new byte[] { 5, 2 }, _stop.Token);
        var login = await ReadAsync(stream, 2);
        var name = Encoding.ASCII.GetString(await ReadAsync(stream, login[1]));
        var password = Encoding.ASCII.GetString(await ReadAsync(stream, (await ReadAsync(stream, 1))[0]));
        await stream.WriteAsync(new byte[] { 1, 0 }, _stop.Token);
        var request = await ReadAsync(stream, 4);
        var host =
            request[3] == 3
                ? Encoding.ASCII.GetString(await ReadAsync(stream, (await ReadAsync(stream, 1))[0]))
                : new IPAddress(await ReadAsync(stream, 4)).ToString();
        var port = await ReadAsync(stream, 2);
        await stream.WriteAsync(new byte[] { 5, 0, 0, 1, 127, 0, 0, 1, 0, 0 }, _stop.Token);
        return ($"{host}:{(port[0] << 8) | port[1]}", $"{name}:{password}");
    }

    private async Task<byte[]> ReadAsync(Stream stream, int count)
    {
        var bytes = new byte[count];
        await stream.ReadExactlyAsync(bytes, _stop.Token);
        return bytes;
    }
}
