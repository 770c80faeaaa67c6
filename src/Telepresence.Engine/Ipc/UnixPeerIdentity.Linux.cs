using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Telepresence.Engine.Ipc;

/// <summary>SO_PEERCRED. File permissions never keep root out, so the engine compares the uid itself.</summary>
[SupportedOSPlatform("linux")]
internal sealed partial class UnixPeerIdentity : IPeerIdentity
{
    private const int SolSocket = 1;
    private const int SoPeercred = 17;
    private const int CredentialsSize = 12;

    public bool IsOwner(Socket socket, out string peer)
    {
        // struct ucred { pid; uid; gid }
        Span<byte> credentials = stackalloc byte[CredentialsSize];
        try
        {
            if (socket.GetRawSocketOption(SolSocket, SoPeercred, credentials) != CredentialsSize)
            {
                peer = "an unknown user";
                return false;
            }
        }
        catch (SocketException e)
        {
            peer = $"an unknown user ({e.SocketErrorCode})";
            return false;
        }
        var numbers = MemoryMarshal.Cast<byte, uint>(credentials);
        peer = $"uid {numbers[1]}, pid {numbers[0]}";
        return numbers[1] == geteuid();
    }

    [LibraryImport("libc")]
    private static partial uint geteuid();
}
