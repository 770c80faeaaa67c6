using System.Net.Sockets;

namespace Telepresence.Sandbox;

internal static class SocketExtensions
{
    /// <summary>Sends every byte: a stream socket may take fewer than it was given.</summary>
    public static async ValueTask SendAllAsync(
        this Socket socket,
        ReadOnlyMemory<byte> data,
        CancellationToken cancellationToken
    )
    {
        while (!data.IsEmpty)
        {
            var sent = await socket.SendAsync(data, cancellationToken).ConfigureAwait(false);
            data = data[sent..];
        }
    }
}
