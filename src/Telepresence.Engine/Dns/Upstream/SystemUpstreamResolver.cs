using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Telepresence.Engine.Dns;

/// <summary>
/// Asks the machine's own name servers. Each try has a socket and an id of its own, so that both port and id are random
/// (RFC 5452) and an answer can only come from the server that was asked.
/// </summary>
/// <param name="servers">The servers to ask now; read for each query, so that a changed resolv.conf is seen.</param>
/// <param name="exempt">Lets a socket reach the server itself past the captures (IRouting.ExemptFromCapture).</param>
internal sealed class SystemUpstreamResolver(
    Func<UpstreamServers> servers,
    Action<Socket> exempt,
    TimeProvider time,
    DnsStatistics statistics
) : IUpstreamResolver, IDisposable
{
    private const int MaxConcurrentQueries = 512;

    private readonly SemaphoreSlim _slots = new(MaxConcurrentQueries);
    private uint _rotation;

    /// <inheritdoc/>
    public async ValueTask<byte[]?> ForwardAsync(
        ReadOnlyMemory<byte> query,
        bool tcp,
        CancellationToken cancellationToken
    )
    {
        var now = servers();
        if (now.EndPoints.Count == 0 || query.Length < DnsQuery.HeaderLength)
            return null;
        using var limit = new CancellationTokenSource(now.TotalTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await _slots.WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
        try
        {
            return await AskAllAsync(now, query, tcp, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
        finally
        {
            _slots.Release();
        }
    }

    public void Dispose() => _slots.Dispose();

    private async Task<byte[]?> AskAllAsync(
        UpstreamServers now,
        ReadOnlyMemory<byte> query,
        bool tcp,
        CancellationToken cancellationToken
    )
    {
        var first = now.Rotate ? (int)(Interlocked.Increment(ref _rotation) % (uint)now.EndPoints.Count) : 0;
        byte[]? refusal = null;
        for (var attempt = 0; attempt < now.Attempts; attempt++)
        {
            for (var i = 0; i < now.EndPoints.Count; i++)
            {
                var server = now.EndPoints[(first + i) % now.EndPoints.Count];
                var answer = await TryAskAsync(server, query, tcp, now.Timeout, cancellationToken)
                    .ConfigureAwait(false);
                if (answer is null)
                    continue;
                // A server that cannot answer is no reason not to ask the next one.
                if (DnsResponse.CodeOf(answer) is not (ResponseCode.ServerFailure or ResponseCode.Refused))
                    return answer;
                refusal ??= answer;
            }
            if (refusal is not null)
                break;
        }
        return refusal;
    }

    private async Task<byte[]?> TryAskAsync(
        IPEndPoint server,
        ReadOnlyMemory<byte> query,
        bool tcp,
        TimeSpan timeout,
        CancellationToken cancellationToken
    )
    {
        using var limit = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            var answer = tcp
                ? await AskTcpAsync(server, query, either.Token).ConfigureAwait(false)
                : await AskUdpAsync(server, query, either.Token).ConfigureAwait(false);
            query.Span[..2].CopyTo(answer);
            return answer;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
        catch (Exception e) when (e is SocketException or EndOfStreamException)
        {
            // Unreachable, refused, hung up: the next server may do better.
            return null;
        }
    }

    private async Task<byte[]> AskUdpAsync(
        IPEndPoint server,
        ReadOnlyMemory<byte> query,
        CancellationToken cancellationToken
    )
    {
        using var socket = new Socket(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        exempt(socket);
        await socket.ConnectAsync(server, cancellationToken).ConfigureAwait(false);
        var sent = WithRandomId(query, prefix: 0);
        await socket.SendAsync(sent, cancellationToken).ConfigureAwait(false);
        var buffer = ArrayPool<byte>.Shared.Rent(DnsFront.MaxMessageLength);
        try
        {
            while (true)
            {
                var length = await socket.ReceiveAsync(buffer, cancellationToken).ConfigureAwait(false);
                if (IsAnswerTo(sent, buffer.AsSpan(0, length)))
                    return buffer.AsSpan(0, length).ToArray();
                statistics.CountMalformedAnswer();
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task<byte[]> AskTcpAsync(
        IPEndPoint server,
        ReadOnlyMemory<byte> query,
        CancellationToken cancellationToken
    )
    {
        using var socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        exempt(socket);
        socket.NoDelay = true;
        await socket.ConnectAsync(server, cancellationToken).ConfigureAwait(false);
        var sent = WithRandomId(query, prefix: 2);
        BinaryPrimitives.WriteUInt16BigEndian(sent, (ushort)query.Length);
        for (var rest = sent.AsMemory(); !rest.IsEmpty; )
            rest = rest[await socket.SendAsync(rest, cancellationToken).ConfigureAwait(false)..];
        var header = new byte[2];
        await ReceiveAsync(socket, header, cancellationToken).ConfigureAwait(false);
        var answer = new byte[BinaryPrimitives.ReadUInt16BigEndian(header)];
        await ReceiveAsync(socket, answer, cancellationToken).ConfigureAwait(false);
        if (IsAnswerTo(sent.AsSpan(2), answer))
            return answer;
        statistics.CountMalformedAnswer();
        throw new EndOfStreamException("the name server answered something else");
    }

    private static async Task ReceiveAsync(Socket socket, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (!buffer.IsEmpty)
        {
            var length = await socket.ReceiveAsync(buffer, cancellationToken).ConfigureAwait(false);
            if (length == 0)
                throw new EndOfStreamException("the name server hung up");
            buffer = buffer[length..];
        }
    }

    private static byte[] WithRandomId(ReadOnlyMemory<byte> query, int prefix)
    {
        var sent = new byte[prefix + query.Length];
        query.Span.CopyTo(sent.AsSpan(prefix));
        RandomNumberGenerator.Fill(sent.AsSpan(prefix, 2));
        return sent;
    }

    /// <summary>Same id, an answer, and the same question (without regard to case), if it repeats one.</summary>
    private static bool IsAnswerTo(ReadOnlySpan<byte> sent, ReadOnlySpan<byte> answer)
    {
        if (answer.Length < DnsQuery.HeaderLength || !answer[..2].SequenceEqual(sent[..2]) || (answer[2] & 0x80) == 0)
            return false;
        if (BinaryPrimitives.ReadUInt16BigEndian(answer[4..]) == 0)
            return true;
        var offset = DnsQuery.HeaderLength;
        if (!DnsName.TrySkip(sent, ref offset) || offset + 4 > sent.Length)
            return true;
        var length = offset + 4 - DnsQuery.HeaderLength;
        return answer.Length >= DnsQuery.HeaderLength + length
            && EqualsIgnoringCase(
                answer.Slice(DnsQuery.HeaderLength, length),
                sent.Slice(DnsQuery.HeaderLength, length)
            );
    }

    private static bool EqualsIgnoringCase(ReadOnlySpan<byte> one, ReadOnlySpan<byte> other)
    {
        for (var i = 0; i < one.Length; i++)
        {
            if (Lower(one[i]) != Lower(other[i]))
                return false;
        }
        return true;

        static int Lower(byte value) => value is >= (byte)'A' and <= (byte)'Z' ? value | 0x20 : value;
    }
}
