using System.Buffers.Binary;
using System.Net.Sockets;

namespace Telepresence.Protocol;

/// <summary>
/// Bounds what a TCP socket keeps for later (TCP_NOTSENT_LOWAT). Otherwise the kernel takes megabytes of a bulk transfer at
/// once, and a small request of another stream waits behind them. What is under way is not bounded by it.
/// </summary>
public static class UnsentLimit
{
    /// <summary>Two writes: one goes out while the next is being made.</summary>
    private const int Bytes = 128 * 1024;

    /// <summary>On a socket, or on a listening one for all that it accepts. Without effect where the system has no such limit.</summary>
    public static void Apply(Socket socket)
    {
        ArgumentNullException.ThrowIfNull(socket);
        // linux/tcp.h and netinet/tcp.h.
        int? option =
            OperatingSystem.IsLinux() ? 25
            : OperatingSystem.IsMacOS() ? 0x201
            : null;
        if (option is not { } name)
            return;
        Span<byte> value = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(value, Bytes);
        try
        {
            socket.SetRawSocketOption((int)SocketOptionLevel.Tcp, name, value);
        }
        catch (SocketException)
        {
            // Older than the option, or no kernel that has it: transfers go on, less evenly.
            return;
        }
    }
}
