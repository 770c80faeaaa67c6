using System.Net.Sockets;

namespace Telepresence.Protocol.Tunnel;

/// <summary>
/// The byte that our manager puts into the body of <see cref="TunnelMessageCode.DialReject"/>, which peers never look at:
/// Linux's errno, whatever the system is.
/// </summary>
public static class DialErrno
{
    /// <summary>ECONNREFUSED.</summary>
    public const byte ConnectionRefused = 111;

    /// <summary>ETIMEDOUT.</summary>
    public const byte TimedOut = 110;

    /// <summary>EHOSTUNREACH.</summary>
    public const byte HostUnreachable = 113;

    /// <summary>ENETUNREACH.</summary>
    public const byte NetworkUnreachable = 101;

    /// <summary>EIO: the dial failed otherwise.</summary>
    public const byte Other = 5;

    /// <summary>What to send for a failed connect.</summary>
    public static byte FromSocketError(SocketError error) =>
        error switch
        {
            SocketError.ConnectionRefused => ConnectionRefused,
            SocketError.TimedOut => TimedOut,
            SocketError.HostUnreachable or SocketError.HostDown => HostUnreachable,
            SocketError.NetworkUnreachable or SocketError.NetworkDown => NetworkUnreachable,
            SocketError.AccessDenied => 13,
            SocketError.ConnectionReset => 104,
            SocketError.AddressNotAvailable => 99,
            SocketError.AddressFamilyNotSupported => 97,
            SocketError.NoBufferSpaceAvailable => 105,
            SocketError.TooManyOpenSockets => 24,
            _ => Other,
        };
}
