using System.Buffers;
using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace Telepresence.Sandbox.Workloads;

/// <summary>
/// Bulk transfer with digests over TCP, one command a connection, each line ended by LF:
/// <c>GET n [seed]</c> answers n bytes and the line <c>SHA256 hex</c>; <c>PUT n</c> and n bytes answers the line <c>SHA256 hex</c>.
/// </summary>
internal static class Bulk
{
    private const int MaxCommand = 128;

    public static async Task ServeAsync(Socket socket, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BulkContent.BlockSize);
        try
        {
            var filled = 0;
            int end;
            while ((end = buffer.AsSpan(0, filled).IndexOf((byte)'\n')) < 0)
            {
                if (filled >= MaxCommand)
                {
                    await AnswerAsync(socket, "ERROR no command", cancellationToken).ConfigureAwait(false);
                    return;
                }
                var read = await socket.ReceiveAsync(buffer.AsMemory(filled), cancellationToken).ConfigureAwait(false);
                if (read == 0)
                {
                    return;
                }
                filled += read;
            }
            var command = Encoding.ASCII.GetString(buffer, 0, end).TrimEnd('\r').Split(' ');
            var rest = buffer.AsMemory(end + 1, filled - end - 1);
            var answer = command switch
            {
                ["GET", var n] when BulkContent.TryParseLength(n, out var length) => await SendAsync(
                        socket,
                        length,
                        0,
                        cancellationToken
                    )
                    .ConfigureAwait(false),
                ["GET", var n, var s]
                    when BulkContent.TryParseLength(n, out var length)
                        && int.TryParse(s, NumberStyles.None, CultureInfo.InvariantCulture, out var seed) =>
                    await SendAsync(socket, length, seed, cancellationToken).ConfigureAwait(false),
                ["PUT", var n] when BulkContent.TryParseLength(n, out var length) => await ReceiveAsync(
                        socket,
                        length,
                        rest,
                        cancellationToken
                    )
                    .ConfigureAwait(false),
                _ => "ERROR unknown command; GET n [seed] or PUT n",
            };
            await AnswerAsync(socket, answer, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static async Task<string> SendAsync(
        Socket socket,
        long length,
        int seed,
        CancellationToken cancellationToken
    )
    {
        var content = new BulkContent(length, seed);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var part = content.Next(); !part.IsEmpty; part = content.Next())
        {
            hash.AppendData(part.Span);
            await socket.SendAllAsync(part, cancellationToken).ConfigureAwait(false);
        }
        return "SHA256 " + BulkContent.Hex(hash);
    }

    private static async Task<string> ReceiveAsync(
        Socket socket,
        long length,
        ReadOnlyMemory<byte> first,
        CancellationToken cancellationToken
    )
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        first = first[..(int)Math.Min(first.Length, length)];
        hash.AppendData(first.Span);
        var remaining = length - first.Length;
        var buffer = ArrayPool<byte>.Shared.Rent(BulkContent.BlockSize);
        try
        {
            while (remaining > 0)
            {
                var wanted = buffer.AsMemory(0, (int)Math.Min(buffer.Length, remaining));
                var read = await socket.ReceiveAsync(wanted, cancellationToken).ConfigureAwait(false);
                if (read == 0)
                {
                    return $"ERROR ended {remaining} bytes early";
                }
                hash.AppendData(buffer, 0, read);
                remaining -= read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
        return "SHA256 " + BulkContent.Hex(hash);
    }

    private static async Task AnswerAsync(Socket socket, string line, CancellationToken cancellationToken)
    {
        await socket.SendAllAsync(Encoding.ASCII.GetBytes(line + "\n"), cancellationToken).ConfigureAwait(false);
        socket.Shutdown(SocketShutdown.Send);
    }
}
