using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Telepresence.Engine.Dns;

namespace Telepresence.UnitTests.Dns;

public sealed class SystemUpstreamResolverTests
{
    private static readonly byte[] Query = DnsMessages.Query("WWW.example.de.", 1, id: 0xBEEF, ednsSize: 1232);

    [Fact]
    public async Task The_query_goes_out_with_another_id_and_the_answer_comes_back_with_its_own()
    {
        using var server = new UdpServer((query, _) => [DnsMessages.Answer(query, 0)]);
        var exempted = 0;
        using var resolver = Resolver(_ => exempted++, server.EndPoint);

        var answer = await resolver.ForwardAsync(Query, tcp: false, CancellationToken.None);

        Assert.Equal(Query[..2], answer![..2]);
        Assert.Equal(Query[2..], server.Asked.Single()[2..]);
        Assert.Equal(1, exempted);
    }

    [Fact]
    public async Task Answers_to_something_else_are_passed_over()
    {
        var statistics = new DnsStatistics();
        using var server = new UdpServer(
            (query, _) =>
            {
                var otherId = DnsMessages.Answer(query, 3);
                otherId[0] ^= 1;
                var otherName = DnsMessages.Answer(DnsMessages.Query("xxx.example.de.", 1), 3);
                query.AsSpan(0, 2).CopyTo(otherName);
                return [otherId, otherName, [], query, DnsMessages.Answer(query, 0)];
            }
        );
        using var resolver = Resolver(_ => { }, statistics, server.EndPoint);

        var answer = await resolver.ForwardAsync(Query, tcp: false, CancellationToken.None);

        Assert.Equal(0, DnsResponse.CodeOf(answer));
        Assert.Equal(4, statistics.MalformedAnswers);
    }

    [Fact]
    public async Task The_next_server_is_asked_when_one_is_silent_refuses_or_is_not_there()
    {
        using var silent = new UdpServer((_, _) => []);
        using var failing = new UdpServer((query, _) => [DnsMessages.Answer(query, ResponseCode.ServerFailure)]);
        using var good = new UdpServer((query, _) => [DnsMessages.Answer(query, 0)]);
        var closed = new IPEndPoint(IPAddress.Loopback, 1);
        using var resolver = Resolver(_ => { }, closed, silent.EndPoint, failing.EndPoint, good.EndPoint);
        using var lost = Resolver(_ => { }, closed, silent.EndPoint);
        using var refused = Resolver(_ => { }, closed, failing.EndPoint);

        Assert.Equal(0, DnsResponse.CodeOf(await resolver.ForwardAsync(Query, false, CancellationToken.None)));
        Assert.Null(await lost.ForwardAsync(Query, false, CancellationToken.None));
        Assert.Equal(
            ResponseCode.ServerFailure,
            DnsResponse.CodeOf(await refused.ForwardAsync(Query, false, CancellationToken.None))
        );
    }

    [Fact]
    public async Task TCP_is_framed()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = ServeOneAsync(listener);
        using var resolver = Resolver(_ => { }, (IPEndPoint)listener.LocalEndpoint);

        var answer = await resolver.ForwardAsync(Query, tcp: true, CancellationToken.None);

        Assert.Equal(Query[2..], (await serving)[2..]);
        Assert.Equal(Query[..2], answer![..2]);
        Assert.Equal(["www.example.de. 30 1 192.0.2.1"], DnsMessages.Read(answer).Answers);

        static async Task<byte[]> ServeOneAsync(TcpListener listener)
        {
            using var client = await listener.AcceptTcpClientAsync();
            var stream = client.GetStream();
            var prefix = new byte[2];
            await stream.ReadExactlyAsync(prefix);
            var query = new byte[BinaryPrimitives.ReadUInt16BigEndian(prefix)];
            await stream.ReadExactlyAsync(query);
            var answer = DnsMessages.Answer(query, 0, DnsMessages.A("www.example.de.", "192.0.2.1"));
            BinaryPrimitives.WriteUInt16BigEndian(prefix, (ushort)answer.Length);
            await stream.WriteAsync(prefix.Concat(answer).ToArray());
            return query;
        }
    }

    private static SystemUpstreamResolver Resolver(Action<Socket> exempt, params IPEndPoint[] servers) =>
        Resolver(exempt, new DnsStatistics(), servers);

    private static SystemUpstreamResolver Resolver(
        Action<Socket> exempt,
        DnsStatistics statistics,
        params IPEndPoint[] servers
    )
    {
        var now = new UpstreamServers(servers) { Timeout = TimeSpan.FromMilliseconds(500), Attempts = 1 };
        return new SystemUpstreamResolver(() => now, exempt, TimeProvider.System, statistics);
    }

    private sealed class UdpServer : IDisposable
    {
        private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        private readonly Func<byte[], int, byte[][]> _answer;
        private readonly Task _serving;

        public UdpServer(Func<byte[], int, byte[][]> answer)
        {
            _answer = answer;
            _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            _serving = ServeAsync();
        }

        public IPEndPoint EndPoint => (IPEndPoint)_socket.LocalEndPoint!;

        public List<byte[]> Asked { get; } = [];

        public void Dispose()
        {
            _socket.Dispose();
            _serving.Wait();
        }

        private async Task ServeAsync()
        {
            var buffer = new byte[4096];
            while (true)
            {
                try
                {
                    var received = await _socket.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0));
                    var query = buffer[..received.ReceivedBytes];
                    Asked.Add(query);
                    foreach (var answer in _answer(query, Asked.Count))
                        await _socket.SendToAsync(answer, received.RemoteEndPoint);
                }
                catch (Exception e) when (e is ObjectDisposedException or SocketException)
                {
                    return;
                }
            }
        }
    }
}
