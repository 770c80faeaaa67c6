using System.Text;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Telepresence.Protocol.Grpc;

namespace Telepresence.E2ETests.Protocol;

/// <summary>
/// Our HTTP/2 connection with a gRPC server in Go. etcd's messages are not this project's: requests are well-known ones with
/// the same fields, and answers keep all fields as unknown ones.
/// </summary>
public class EtcdTests(EtcdServer etcd) : IClassFixture<EtcdServer>
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);
    private static readonly Method<Empty, Empty> Status = new(MethodType.Unary, "etcdserverpb.Maintenance", "Status");
    private static readonly Method<Any, Empty> Put = new(MethodType.Unary, "etcdserverpb.KV", "Put");
    private static readonly Method<BytesValue, Empty> Range = new(MethodType.Unary, "etcdserverpb.KV", "Range");
    private static readonly Method<BytesValue, Empty> Watch = new(
        MethodType.DuplexStreaming,
        "etcdserverpb.Watch",
        "Watch"
    );

    [SkippableFact]
    public async Task Small_and_large_messages_go_both_ways()
    {
        using var channel = await etcd.OpenAsync();
        await ExchangeAsync(channel);
    }

    [SkippableFact]
    public async Task Five_hundred_calls_at_once_are_answered()
    {
        using var channel = await etcd.OpenAsync();
        await PutAsync(channel, "many", "one value"u8.ToArray());
        var calls = Enumerable.Range(0, 500).Select(_ => GetAsync(channel, "many")).ToList();
        Assert.All(await Task.WhenAll(calls).WaitAsync(Bound), answer => AssertHas("one value"u8.ToArray(), answer));
    }

    [SkippableFact]
    public async Task A_watch_tells_what_is_put_and_ends_when_given_up()
    {
        using var channel = await etcd.OpenAsync();
        using var given = new CancellationTokenSource(Bound);
        using var watch = channel.AsyncDuplexStreamingCall(Watch, new CallOptions(CancellationToken: given.Token));
        // WatchRequest.create_request.key
        await watch.WriteAsync(Bytes(Bytes("seen"u8).ToByteArray()));
        Assert.NotNull(await watch.ReadAsync());
        for (var i = 0; i < 20; i++)
        {
            var value = Encoding.ASCII.GetBytes($"value {i}");
            await PutAsync(channel, "seen", value);
            AssertHas(value, (await watch.ReadAsync())!.ToByteArray());
        }
        await given.CancelAsync();
        var e = await Assert.ThrowsAsync<RpcException>(() => watch.ReadAsync().AsTask());
        Assert.Equal(StatusCode.Cancelled, e.StatusCode);
        await channel.AsyncUnaryCall(Status, new CallOptions(Deadline: Bound), new Empty());
    }

    [SkippableFact]
    public async Task Errors_come_with_status_and_words()
    {
        using var channel = await etcd.OpenAsync();
        var e = await Assert.ThrowsAsync<RpcException>(() => GetAsync(channel, ""));
        Assert.Equal((StatusCode.InvalidArgument, "etcdserver: key is not provided"), (e.StatusCode, e.Status.Detail));
        var unknown = new Method<Empty, Empty>(MethodType.Unary, "etcdserverpb.KV", "Frobnicate");
        e = await Assert.ThrowsAsync<RpcException>(async () =>
            await channel.AsyncUnaryCall(unknown, new CallOptions(Deadline: Bound), new Empty())
        );
        Assert.Equal(StatusCode.Unimplemented, e.StatusCode);
    }

    [SkippableFact]
    public async Task Tshark_reads_every_frame_of_ours()
    {
        Requires.All("tcpdump", "tshark");
        using var channel = await etcd.OpenAsync();
        var file = etcd.PathOf("capture");
        using (var capture = etcd.Capture(file))
        {
            await ExchangeAsync(channel);
            etcd.Net.Program("kill", "-INT", $"{capture.Id}").Require();
            Assert.Contains(
                "\n0 packets dropped by kernel",
                await capture.StandardError.ReadToEndAsync(),
                StringComparison.Ordinal
            );
            await capture.WaitForExitAsync();
        }
        // The types that an exchange needs: DATA, HEADERS, SETTINGS, WINDOW_UPDATE.
        var seen = Tshark(file, "http2", "-T", "fields", "-e", "http2.type").Split(['\n', ',']);
        Assert.Superset(new HashSet<string>(["0", "1", "4", "8"]), new HashSet<string>(seen));
        Assert.Equal("", Tshark(file, "_ws.malformed || http2.unknown || _ws.expert.group == \"Protocol\""));
    }

    /// <summary>Of what went to the server.</summary>
    private string Tshark(string file, string filter, params string[] arguments) =>
        etcd
            .Net.Program(
                "tshark",
                [
                    "-r",
                    file,
                    "-d",
                    $"tcp.port=={EtcdServer.Port},http2",
                    "-o",
                    "ip.check_checksum:FALSE",
                    "-Y",
                    $"tcp.dstport == {EtcdServer.Port} && ({filter})",
                    .. arguments,
                ]
            )
            .Require();

    private static async Task ExchangeAsync(GrpcChannel channel)
    {
        var status = await channel.AsyncUnaryCall(Status, new CallOptions(Deadline: Bound), new Empty());
        AssertHas("3."u8.ToArray(), status.ToByteArray());
        var value = new byte[1024 * 1024];
        new Random(1).NextBytes(value);
        await PutAsync(channel, "large", value);
        AssertHas(value, await GetAsync(channel, "large"));
    }

    /// <summary>PutRequest has its key and value where Any has its type and value.</summary>
    private static async Task PutAsync(GrpcChannel channel, string key, byte[] value) =>
        await channel.AsyncUnaryCall(
            Put,
            new CallOptions(Deadline: Bound),
            new Any { TypeUrl = key, Value = ByteString.CopyFrom(value) }
        );

    private static async Task<byte[]> GetAsync(GrpcChannel channel, string key)
    {
        var request = Bytes(Encoding.ASCII.GetBytes(key));
        var answer = await channel.AsyncUnaryCall(Range, new CallOptions(Deadline: Bound), request);
        return answer.ToByteArray();
    }

    private static BytesValue Bytes(ReadOnlySpan<byte> value) => new() { Value = ByteString.CopyFrom(value) };

    private static void AssertHas(byte[] expected, byte[] answer) =>
        Assert.True(answer.AsSpan().IndexOf(expected) >= 0, $"not in the answer of {answer.Length} bytes");
}
