using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Telepresence.Sandbox.Demo.Vpn;

/// <summary>The company's name server: knows one host, denies every other name.</summary>
internal sealed class VpnNameServer : IAsyncDisposable
{
    /// <summary>The one name it knows.</summary>
    public const string KnownHost = "intranet.corp.example";

    /// <summary>The address of that name.</summary>
    public static readonly IPAddress KnownAddress = IPAddress.Parse("10.20.30.40");

    private const int HeaderLength = 12;
    private const ushort AddressRecord = 1;

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _serving;

    private VpnNameServer()
    {
        _socket.Bind(new IPEndPoint(VpnPlan.Gateway, 53));
        _serving = ServeAsync(_stop.Token);
    }

    /// <summary>Listens in the network namespace of the calling thread.</summary>
    public static VpnNameServer Start() => new();

    /// <summary>Writes the answer to a query, or nothing when it is not one.</summary>
    /// <returns>The answer's length; 0: no answer.</returns>
    public static int Answer(ReadOnlySpan<byte> query, Span<byte> answer)
    {
        if (
            query.Length < HeaderLength + 5
            || (query[2] & 0x80) != 0
            || !TryReadQuestion(query, out var name, out var end)
        )
        {
            return 0;
        }
        var type = BinaryPrimitives.ReadUInt16BigEndian(query[(end - 4)..]);
        var known = string.Equals(name, KnownHost, StringComparison.OrdinalIgnoreCase);
        var answers = known && type == AddressRecord;

        query[..end].CopyTo(answer);
        answer[2] = (byte)(0x84 | (query[2] & 0x01));
        answer[3] = (byte)(0x80 | (known ? 0 : 3));
        answer[4..HeaderLength].Clear();
        answer[5] = 1;
        if (!answers)
        {
            return end;
        }
        answer[7] = 1;
        ReadOnlySpan<byte> record = [0xC0, HeaderLength, 0, 1, 0, 1, 0, 0, 0, 30, 0, 4];
        record.CopyTo(answer[end..]);
        KnownAddress.TryWriteBytes(answer[(end + record.Length)..], out var length);
        return end + record.Length + length;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _serving.ConfigureAwait(false);
        _socket.Dispose();
        _stop.Dispose();
    }

    private static bool TryReadQuestion(ReadOnlySpan<byte> query, out string name, out int end)
    {
        var labels = new List<string>();
        var at = HeaderLength;
        name = "";
        end = 0;
        while (at < query.Length && query[at] is > 0 and < 64 && at + 1 + query[at] <= query.Length)
        {
            labels.Add(System.Text.Encoding.ASCII.GetString(query.Slice(at + 1, query[at])));
            at += 1 + query[at];
        }
        if (at + 5 > query.Length || query[at] != 0)
        {
            return false;
        }
        name = string.Join('.', labels);
        end = at + 5;
        return true;
    }

    private async Task ServeAsync(CancellationToken cancellationToken)
    {
        var query = new byte[1500];
        var answer = new byte[query.Length + 16];
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                var received = await _socket
                    .ReceiveFromAsync(query, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0), cancellationToken)
                    .ConfigureAwait(false);
                var length = Answer(query.AsSpan(0, received.ReceivedBytes), answer);
                if (length > 0)
                {
                    await _socket
                        .SendToAsync(
                            answer.AsMemory(0, length),
                            SocketFlags.None,
                            received.RemoteEndPoint,
                            cancellationToken
                        )
                        .ConfigureAwait(false);
                }
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
                continue;
            }
        }
    }
}
