using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Telepresence.Protocol.Tunnel;

/// <summary>
/// Which connection a tunnel carries. On the wire 13 bytes when both addresses are IPv4, else 37. Addresses that are IPv4 in
/// IPv6 are un-mapped, scope ids are dropped.
/// </summary>
public sealed record ConnId
{
    /// <summary>Bytes of the form with two IPv4 addresses.</summary>
    public const int IPv4Length = 13;

    /// <summary>Bytes of the form with an IPv6 address.</summary>
    public const int IPv6Length = 37;

    /// <param name="source">The application's end; part of the identity, never dialled.</param>
    /// <param name="destination">What is dialled.</param>
    /// <param name="protocol">Tcp or Udp; other numbers have names on the wire, but nobody tunnels them.</param>
    public ConnId(IPEndPoint source, IPEndPoint destination, ProtocolType protocol)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(destination);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)protocol, byte.MaxValue, nameof(protocol));
        Source = Canonical(source);
        Destination = Canonical(destination);
        Protocol = protocol;
    }

    /// <summary>The application's end.</summary>
    public IPEndPoint Source { get; }

    /// <summary>What is dialled.</summary>
    public IPEndPoint Destination { get; }

    /// <summary>IP protocol number.</summary>
    public ProtocolType Protocol { get; }

    /// <summary>Length on the wire.</summary>
    public int Length => IsIPv4 ? IPv4Length : IPv6Length;

    private bool IsIPv4 =>
        Source.AddressFamily == AddressFamily.InterNetwork && Destination.AddressFamily == AddressFamily.InterNetwork;

    /// <returns><see cref="Length"/>.</returns>
    public int Write(Span<byte> destination)
    {
        var addressLength = IsIPv4 ? 4 : 16;
        var at = WriteEndPoint(destination, Source, addressLength);
        at += WriteEndPoint(destination[at..], Destination, addressLength);
        destination[at] = (byte)Protocol;
        return at + 1;
    }

    /// <summary>The wire form.</summary>
    public byte[] ToByteArray()
    {
        var bytes = new byte[Length];
        Write(bytes);
        return bytes;
    }

    /// <summary>False unless <paramref name="bytes"/> are one of the two forms.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out ConnId? id)
    {
        id = null;
        if (bytes.Length is not (IPv4Length or IPv6Length))
            return false;
        var half = bytes.Length / 2;
        id = new ConnId(ReadEndPoint(bytes[..half]), ReadEndPoint(bytes[half..^1]), (ProtocolType)bytes[^1]);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Protocol} {Source} -> {Destination}";

    private static IPEndPoint Canonical(IPEndPoint endPoint)
    {
        var address = endPoint.Address;
        if (address.IsIPv4MappedToIPv6)
            return new IPEndPoint(address.MapToIPv4(), endPoint.Port);
        return address.AddressFamily == AddressFamily.InterNetworkV6 && address.ScopeId != 0
            ? new IPEndPoint(new IPAddress(address.GetAddressBytes()), endPoint.Port)
            : endPoint;
    }

    private static int WriteEndPoint(Span<byte> destination, IPEndPoint endPoint, int addressLength)
    {
        var address = destination[..addressLength];
        if (endPoint.AddressFamily == AddressFamily.InterNetwork && addressLength == 16)
        {
            address[..10].Clear();
            address[10..12].Fill(0xff);
            address = address[12..];
        }
        endPoint.Address.TryWriteBytes(address, out _);
        BinaryPrimitives.WriteUInt16BigEndian(destination[addressLength..], (ushort)endPoint.Port);
        return addressLength + 2;
    }

    private static IPEndPoint ReadEndPoint(ReadOnlySpan<byte> bytes) =>
        new(new IPAddress(bytes[..^2]), BinaryPrimitives.ReadUInt16BigEndian(bytes[^2..]));
}
