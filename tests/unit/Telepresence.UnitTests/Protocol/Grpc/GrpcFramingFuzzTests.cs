using Google.Protobuf;
using Telepresence.Engine.Manager;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;

namespace Telepresence.UnitTests.Protocol.Grpc;

public class GrpcFramingFuzzTests
{
    private const int Cases = 100_000;
    private const int MaxMessageSize = 256;

    [Fact]
    public async Task Malformed_streams_never_throw_anything_but_the_typed_error()
    {
        var random = new Random(20);
        var good = GrpcFraming.Encode(Sample());
        for (var i = 0; i < Cases; i++)
        {
            var bytes = Mutate(random, good);
            using var stream = new MemoryStream(bytes);
            try
            {
                while (await GrpcFraming.ReadMessageAsync<ClusterInfo>(stream, MaxMessageSize, default) is { } info)
                    ManagerClusterInfo.From(info);
            }
            catch (RpcException e)
            {
                Assert.Contains(
                    e.StatusCode,
                    (IEnumerable<StatusCode>)[StatusCode.Internal, StatusCode.ResourceExhausted]
                );
            }
        }
    }

    [Fact]
    public void Malformed_requests_never_throw_anything_but_the_typed_error()
    {
        var random = new Random(21);
        var session = new SessionInfo { SessionId = "session", InstallId = "id" };
        var client = new ClientInfo
        {
            Name = "me@here",
            InstallId = "id",
            Product = "telepresence",
            Version = "v2.25.0",
        };
        var requests = new (byte[] Good, Action<byte[]> Parse)[]
        {
            (session.ToByteArray(), b => GrpcFraming.Parse<SessionInfo>(b)),
            (client.ToByteArray(), b => GrpcFraming.Parse<ClientInfo>(b)),
            (new RemainRequest { Session = session }.ToByteArray(), b => GrpcFraming.Parse<RemainRequest>(b)),
            (new DNSRequest { Session = session, Name = "web." }.ToByteArray(), b => GrpcFraming.Parse<DNSRequest>(b)),
            (
                new TunnelMessage { Payload = ByteString.CopyFrom(1, 2, 3) }.ToByteArray(),
                b => GrpcFraming.Parse<TunnelMessage>(b)
            ),
        };
        for (var i = 0; i < Cases; i++)
        {
            var (good, parse) = requests[i % requests.Length];
            try
            {
                parse(Mutate(random, good));
            }
            catch (RpcException e)
            {
                Assert.Equal(StatusCode.Internal, e.StatusCode);
            }
        }
    }

    /// <summary>A good one with some bytes changed, cut off or added; now and then nothing but noise.</summary>
    private static byte[] Mutate(Random random, byte[] good)
    {
        if (random.Next(8) == 0)
        {
            var noise = new byte[random.Next(64)];
            random.NextBytes(noise);
            return noise;
        }
        var bytes = good.AsSpan(0, random.Next(4) == 0 ? random.Next(good.Length + 1) : good.Length).ToArray();
        for (var changes = random.Next(4); changes > 0 && bytes.Length > 0; changes--)
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        return bytes;
    }

    private static ClusterInfo Sample()
    {
        var info = new ClusterInfo
        {
            ServiceSubnet = new IPNet { Ip = ByteString.CopyFrom(10, 96, 0, 0), Mask = 16 },
            ManagerPodIp = ByteString.CopyFrom(10, 244, 0, 9),
            ManagerPodPort = 8081,
            Dns = new DNS { ClusterDomain = "cluster.local." },
            Routing = new Telepresence.Protocol.Manager.Routing(),
        };
        info.PodSubnets.Add(new IPNet { Ip = ByteString.CopyFrom(10, 244, 0, 0), Mask = 16 });
        info.ServiceCidrsOrKubeDnsIp.Add(ByteString.CopyFrom(10, 96, 0, 0, 16));
        info.Routing.AlsoProxySubnets.Add(new IPNet { Ip = ByteString.CopyFrom(10, 1, 0, 0), Mask = 24 });
        return info;
    }
}
