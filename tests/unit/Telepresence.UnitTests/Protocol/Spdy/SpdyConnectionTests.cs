using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Telepresence.Protocol.Spdy;

namespace Telepresence.UnitTests.Protocol.Spdy;

/// <summary>A client and a server of ours over loopback TCP, and peers that a test scripts.</summary>
public sealed class SpdyConnectionTests
{
    private static readonly Dictionary<string, string> _headers = new() { ["streamtype"] = "data" };

    private static CancellationToken Deadline => new CancellationTokenSource(TimeSpan.FromMinutes(1)).Token;

    [Fact]
    public async Task Streams_of_one_connection_do_not_mix_and_end_apart()
    {
        var (near, far) = await PairAsync();
        using var ended = new CancellationTokenSource();
        using var server = SpdyConnection.Server(far, EchoAsync);
        using var client = SpdyConnection.Client(near);
        var running = Task.WhenAll(server.RunAsync(ended.Token), client.RunAsync(ended.Token));
        var streams = Enumerable
            .Range(0, 20)
            .Select(async i =>
            {
                var stream = client.Open(new Dictionary<string, string> { ["number"] = $"{i}" });
                await stream.Replied;
                var sent = RandomNumberGenerator.GetBytes(100_000 * i + 1);
                var writing = WriteAllAsync(stream, sent);
                using var received = new MemoryStream();
                var buffer = new byte[10_000];
                int count;
                while ((count = await stream.ReadAsync(buffer, Deadline)) > 0)
                    received.Write(buffer, 0, count);
                await writing;
                Assert.Equal(SHA256.HashData(sent), SHA256.HashData(received.ToArray()));
                stream.Release();
            });
        await Task.WhenAll(streams);
        await near.DisposeAsync();
        await far.DisposeAsync();
        await ended.CancelAsync();
        await Task.WhenAny(running);

        static async Task WriteAllAsync(SpdyStream stream, byte[] bytes)
        {
            await stream.WriteAsync(bytes, Deadline);
            await stream.CloseWriteAsync(Deadline);
        }
    }

    [Fact]
    public async Task A_peer_that_keeps_windows_gets_no_more_than_it_allows()
    {
        var (near, far) = await PairAsync();
        using var client = SpdyConnection.Client(near);
        var running = client.RunAsync(default);
        var peer = new ScriptedPeer(far);
        await peer.SendAsync(SpdyFrameType.Settings, SpdyFrameWriter.Words(1, 7, 1000));
        await peer.SendAsync(SpdyFrameType.Ping, SpdyFrameWriter.Words(2));
        // The answer says that the settings were read.
        await peer.ReadUntilAsync(SpdyFrameType.Ping);
        var stream = client.Open(_headers);
        var writing = stream.WriteAsync(new byte[5000], Deadline).AsTask();
        Assert.Equal(1000, await peer.ReadDataAsync(1000));
        Assert.False(writing.IsCompleted);
        await peer.SendAsync(SpdyFrameType.WindowUpdate, SpdyFrameWriter.Words(stream.Id, 1500));
        Assert.Equal(1500, await peer.ReadDataAsync(1500));
        Assert.False(writing.IsCompleted);
        await peer.SendAsync(SpdyFrameType.WindowUpdate, SpdyFrameWriter.Words(stream.Id, 100_000));
        Assert.Equal(2500, await peer.ReadDataAsync(2500));
        await writing;
        await near.DisposeAsync();
        await Task.WhenAny(running);
        await far.DisposeAsync();
    }

    [Fact]
    public async Task A_peer_without_windows_as_Kubernetes_own_gets_everything()
    {
        var (near, far) = await PairAsync();
        using var client = SpdyConnection.Client(near);
        var running = client.RunAsync(default);
        var stream = client.Open(_headers);
        var writing = stream.WriteAsync(new byte[3_000_000], Deadline).AsTask();
        Assert.Equal(3_000_000, await new ScriptedPeer(far).ReadDataAsync(3_000_000));
        await writing;
        await near.DisposeAsync();
        await Task.WhenAny(running);
        await far.DisposeAsync();
    }

    [Fact]
    public async Task What_is_read_is_given_back_to_a_peer_that_counts()
    {
        var (near, far) = await PairAsync();
        using var client = SpdyConnection.Client(near);
        var running = client.RunAsync(default);
        var stream = client.Open(_headers);
        var peer = new ScriptedPeer(far);
        await peer.ReadUntilAsync(SpdyFrameType.SynStream);
        var data = new byte[SpdyStream.ReceiveLimit / 2];
        await peer.SendDataAsync(stream.Id, data);
        var left = data.Length;
        while (left > 0)
            left -= await stream.ReadAsync(data, Deadline);
        var forStream = await peer.ReadUntilAsync(SpdyFrameType.WindowUpdate);
        Assert.Equal(SpdyFrameWriter.Words(stream.Id, (uint)data.Length), forStream);
        var forAll = await peer.ReadUntilAsync(SpdyFrameType.WindowUpdate);
        Assert.Equal(SpdyFrameWriter.Words(0, (uint)data.Length), forAll);
        await near.DisposeAsync();
        await Task.WhenAny(running);
        await far.DisposeAsync();
    }

    [Fact]
    public async Task A_reset_and_the_end_of_the_connection_fail_who_reads_writes_and_waits()
    {
        var (near, far) = await PairAsync();
        using var client = SpdyConnection.Client(near);
        var running = client.RunAsync(default);
        var peer = new ScriptedPeer(far);
        await peer.SendAsync(SpdyFrameType.Settings, SpdyFrameWriter.Words(1, 7, 10));
        await peer.SendAsync(SpdyFrameType.Ping, SpdyFrameWriter.Words(2));
        await peer.ReadUntilAsync(SpdyFrameType.Ping);
        var refused = client.Open(_headers);
        var cut = client.Open(_headers);
        var writing = cut.WriteAsync(new byte[20], Deadline).AsTask();
        var reading = refused.ReadAsync(new byte[1], Deadline).AsTask();
        await peer.SendAsync(SpdyFrameType.RstStream, SpdyFrameWriter.Words(refused.Id, 3));
        await Assert.ThrowsAsync<IOException>(() => refused.Replied.WaitAsync(Deadline));
        await Assert.ThrowsAsync<IOException>(() => reading);
        Assert.False(cut.Replied.IsCompleted);
        await far.DisposeAsync();
        await Assert.ThrowsAnyAsync<IOException>(() => writing);
        await Assert.ThrowsAnyAsync<IOException>(() => cut.ReadAsync(new byte[1], Deadline).AsTask());
        await Task.WhenAny(running);
        Assert.Throws<IOException>(() => client.Open(_headers));
        await near.DisposeAsync();
    }

    [Fact]
    public async Task After_GOAWAY_open_streams_go_on_and_new_ones_are_refused()
    {
        var (near, far) = await PairAsync();
        using var client = SpdyConnection.Client(near);
        var running = client.RunAsync(default);
        var peer = new ScriptedPeer(far);
        var stream = client.Open(_headers);
        await peer.SendAsync(SpdyFrameType.GoAway, SpdyFrameWriter.Words(0, 0));
        await peer.SendDataAsync(stream.Id, [42]);
        var one = new byte[1];
        Assert.Equal(1, await stream.ReadAsync(one, Deadline));
        Assert.Equal(42, one[0]);
        Assert.Throws<IOException>(() => client.Open(_headers));
        await far.DisposeAsync();
        await Task.WhenAny(running);
        await near.DisposeAsync();
    }

    [Fact]
    public async Task Malformed_answers_end_a_client_with_a_typed_error_only()
    {
        var random = new Random(5);
        for (var i = 0; i < 100_000; i++)
        {
            var bytes = new byte[random.Next(48)];
            random.NextBytes(bytes);
            if (bytes.Length > SpdyFrameHeader.Size)
            {
                var length = bytes.Length - SpdyFrameHeader.Size;
                if (random.Next(4) > 0)
                    SpdyFrameHeader.WriteControl(bytes, (SpdyFrameType)random.Next(12), 0, length);
                else
                    SpdyFrameHeader.WriteData(bytes, 1, (byte)random.Next(2), length);
            }
            using var connection = SpdyConnection.Client(new ReadOnly(bytes));
            connection.Open(_headers);
            try
            {
                await connection.RunAsync(CancellationToken.None);
            }
            catch (Exception e) when (e is SpdyProtocolException or EndOfStreamException)
            {
                continue;
            }
        }
    }

    [Fact]
    public void Frame_headers_survive_the_wire()
    {
        var random = new Random(9);
        var bytes = new byte[SpdyFrameHeader.Size];
        for (var i = 0; i < 100_000; i++)
        {
            var flags = (byte)random.Next(256);
            var length = random.Next(SpdyFrameHeader.MaxLength + 1);
            var id = (uint)random.Next();
            SpdyFrameHeader.WriteData(bytes, id, flags, length);
            Assert.Equal(new SpdyFrameHeader(false, default, id, flags, length), SpdyFrameHeader.Parse(bytes));
            var type = (SpdyFrameType)random.Next(0x10000);
            SpdyFrameHeader.WriteControl(bytes, type, flags, length);
            Assert.Equal(new SpdyFrameHeader(true, type, 0, flags, length), SpdyFrameHeader.Parse(bytes));
        }
    }

    private static async ValueTask EchoAsync(SpdyStream stream)
    {
        await Task.CompletedTask;
        _ = Task.Run(async () =>
        {
            while (true)
            {
                var read = await stream.Incoming.ReadAsync(Deadline);
                foreach (var segment in read.Buffer)
                    await stream.WriteAsync(segment, Deadline);
                stream.Incoming.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                    break;
            }
            await stream.CloseWriteAsync(Deadline);
            stream.Release();
        });
    }

    private static async Task<(Stream Near, Stream Far)> PairAsync()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var near = new TcpClient();
        await near.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        return (near.GetStream(), (await listener.AcceptTcpClientAsync()).GetStream());
    }

    private sealed class ScriptedPeer(Stream stream)
    {
        public async Task SendAsync(SpdyFrameType type, byte[] payload)
        {
            var frame = new byte[SpdyFrameHeader.Size + payload.Length];
            SpdyFrameHeader.WriteControl(frame, type, 0, payload.Length);
            payload.CopyTo(frame, SpdyFrameHeader.Size);
            await stream.WriteAsync(frame, Deadline);
        }

        public async Task SendDataAsync(uint id, byte[] data)
        {
            var header = new byte[SpdyFrameHeader.Size];
            SpdyFrameHeader.WriteData(header, id, 0, data.Length);
            await stream.WriteAsync(header, Deadline);
            await stream.WriteAsync(data, Deadline);
        }

        /// <summary>The payload of the next control frame of this type, but not the connection's first window update.</summary>
        public async Task<byte[]> ReadUntilAsync(SpdyFrameType type)
        {
            while (true)
            {
                var (header, payload) = await ReadAsync();
                var isGreeting =
                    header.Type == SpdyFrameType.WindowUpdate
                    && BinaryPrimitives.ReadUInt32BigEndian(payload.AsSpan(4)) == SpdyStream.ReceiveLimit - 65536;
                if (header.IsControl && header.Type == type && !isGreeting)
                    return payload;
            }
        }

        /// <summary>How many bytes of data came until <paramref name="wanted"/> were there.</summary>
        public async Task<int> ReadDataAsync(int wanted)
        {
            var count = 0;
            while (count < wanted)
            {
                var (header, payload) = await ReadAsync();
                if (!header.IsControl)
                    count += payload.Length;
            }
            return count;
        }

        private async Task<(SpdyFrameHeader Header, byte[] Payload)> ReadAsync()
        {
            var bytes = new byte[SpdyFrameHeader.Size];
            await stream.ReadExactlyAsync(bytes, Deadline);
            var header = SpdyFrameHeader.Parse(bytes);
            var payload = new byte[header.Length];
            await stream.ReadExactlyAsync(payload, Deadline);
            return (header, payload);
        }
    }

    private sealed class ReadOnly(byte[] incoming) : MemoryStream(incoming, writable: false)
    {
        public override ValueTask WriteAsync(
            ReadOnlyMemory<byte> buffer,
            CancellationToken cancellationToken = default
        ) => ValueTask.CompletedTask;
    }
}
