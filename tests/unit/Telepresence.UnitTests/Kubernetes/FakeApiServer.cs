using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Telepresence.UnitTests.Kubernetes;

/// <summary>Just enough of an API server over loopback TLS: canned answers, and a port-forward that a test scripts.</summary>
internal sealed class FakeApiServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentBag<Task> _connections = [];
    private readonly X509Certificate2 _certificate;
    private readonly Task _accepting;

    public FakeApiServer(X509Certificate2 certificate)
    {
        _certificate = certificate;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string Url => $"https://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    /// <summary>Answers one request: status code and JSON body.</summary>
    public Func<Request, (int Status, string Body)> Answer { get; set; } = _ => (404, "{}");

    /// <summary>What happens on an upgraded connection.</summary>
    public Func<Stream, Task>? PortForwarded { get; set; }

    public ConcurrentQueue<Request> Requests { get; } = new();

    /// <summary>Asks for a client certificate and takes any.</summary>
    public bool AsksForCertificate { get; set; }

    /// <summary>Subjects of what clients showed, each with the authorities it sent along.</summary>
    public ConcurrentQueue<(string Subject, string[] Sent)> ClientCertificates { get; } = new();

    public static X509Certificate2 CreateCertificate(DateTimeOffset? notAfter = null, string name = "fake-api")
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new($"CN={name}", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddIpAddress(IPAddress.Loopback);
        names.AddDnsName("api.example");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var end = notAfter ?? DateTimeOffset.UtcNow.AddDays(1);
        return request.CreateSelfSigned(end.AddDays(-30), end);
    }

    public string WriteKubeconfig(string folder, X509Certificate2? authority = null, string user = "token: secret")
    {
        var pem = Convert.ToBase64String(Encoding.UTF8.GetBytes((authority ?? _certificate).ExportCertificatePem()));
        var file = Path.Combine(folder, "config");
        File.WriteAllText(
            file,
            $$"""
            apiVersion: v1
            kind: Config
            current-context: fake
            contexts: [{name: fake, context: {cluster: fake, user: fake, namespace: shop} }]
            clusters:
            - name: fake
              cluster: {server: "{{Url}}", certificate-authority-data: {{pem}} }
            users:
            - name: fake
              user: { {{user}} }
            """
        );
        return file;
    }

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
        // A listener that was stopped between two connections says that it never listened.
        catch (Exception e) when (e is OperationCanceledException or SocketException or InvalidOperationException) { }
    }

    private async Task ServeAsync(TcpClient client)
    {
        // Headers and body are two writes: the second would wait for a delayed acknowledgement, 40 ms a request.
        client.NoDelay = true;
        using (client)
        await using (SslStream tls = new(client.GetStream()))
        {
            try
            {
                await tls.AuthenticateAsServerAsync(
                    new SslServerAuthenticationOptions
                    {
                        ServerCertificate = _certificate,
                        ClientCertificateRequired = AsksForCertificate,
                        RemoteCertificateValidationCallback = Note,
                    },
                    _stop.Token
                );
                while (await ReadRequestAsync(tls) is { } request)
                {
                    Requests.Enqueue(request);
                    var upgrade = request.Headers.GetValueOrDefault("upgrade") == "websocket";
                    var (status, body) = upgrade && PortForwarded is not null ? (101, "") : Answer(request);
                    if (status == 101)
                    {
                        await UpgradeAsync(tls, request);
                        return;
                    }
                    var bytes = Encoding.UTF8.GetBytes(body);
                    await tls.WriteAsync(
                        Encoding.ASCII.GetBytes(
                            $"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {bytes.Length}\r\n\r\n"
                        )
                    );
                    await tls.WriteAsync(bytes);
                }
            }
            catch (Exception e)
                when (e
                        is IOException
                            or OperationCanceledException
                            or System.Security.Authentication.AuthenticationException
                ) { }
        }
    }

    private bool Note(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is not null)
        {
            ClientCertificates.Enqueue(
                (certificate.Subject, [.. chain!.ChainPolicy.ExtraStore.Select(c => c.Subject)])
            );
        }
        return true;
    }

    private async Task UpgradeAsync(Stream stream, Request request)
    {
#pragma warning disable CA5350 // RFC 6455 prescribes SHA-1.
        var accept = Convert.ToBase64String(
            SHA1.HashData(
                Encoding.ASCII.GetBytes(request.Headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")
            )
        );
#pragma warning restore CA5350
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    + $"Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: v4.channel.k8s.io\r\n\r\n"
            )
        );
        await PortForwarded!(stream);
    }

    private async Task<Request?> ReadRequestAsync(Stream stream)
    {
        StringBuilder text = new();
        var one = new byte[1];
        while (!text.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await stream.ReadAsync(one, _stop.Token) == 0)
            {
                return null;
            }
            text.Append((char)one[0]);
        }
        var lines = text.ToString().Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var start = lines[0].Split(' ');
        var headers = lines[1..]
            .Select(line => line.Split(": ", 2))
            .GroupBy(pair => pair[0].ToLowerInvariant())
            .ToDictionary(group => group.Key, group => string.Join(",", group.Select(pair => pair[1])));
        var body = new byte[int.Parse(headers.GetValueOrDefault("content-length") ?? "0")];
        await stream.ReadExactlyAsync(body, _stop.Token);
        return new Request(start[0], start[1], headers, Encoding.UTF8.GetString(body));
    }

    internal sealed record Request(
        string Method,
        string Path,
        IReadOnlyDictionary<string, string> Headers,
        string Body
    );

    /// <summary>An unmasked server frame.</summary>
    internal static byte[] Frame(int opcode, ReadOnlySpan<byte> payload, bool final = true)
    {
        List<byte> frame = [(byte)((final ? 0x80 : 0) | opcode)];
        if (payload.Length < 126)
        {
            frame.Add((byte)payload.Length);
        }
        else if (payload.Length <= ushort.MaxValue)
        {
            frame.AddRange([126, (byte)(payload.Length >> 8), (byte)payload.Length]);
        }
        else
        {
            var length = new byte[8];
            BinaryPrimitives.WriteInt64BigEndian(length, payload.Length);
            frame.Add(127);
            frame.AddRange(length);
        }
        frame.AddRange(payload);
        return [.. frame];
    }

    /// <summary>Reads one masked client frame.</summary>
    internal static async Task<(int Opcode, byte[] Payload)> ReadFrameAsync(Stream stream)
    {
        var head = new byte[2];
        await stream.ReadExactlyAsync(head);
        Assert.Equal(0x80, head[0] & 0x80);
        Assert.Equal(0x80, head[1] & 0x80);
        long length = head[1] & 0x7f;
        if (length >= 126)
        {
            var extended = new byte[length == 126 ? 2 : 8];
            await stream.ReadExactlyAsync(extended);
            length = extended.Aggregate(0L, (sum, value) => (sum << 8) | value);
        }
        var mask = new byte[4];
        await stream.ReadExactlyAsync(mask);
        var payload = new byte[length];
        await stream.ReadExactlyAsync(payload);
        for (var i = 0; i < payload.Length; i++)
        {
            payload[i] ^= mask[i & 3];
        }
        return (head[0] & 0x0f, payload);
    }
}
