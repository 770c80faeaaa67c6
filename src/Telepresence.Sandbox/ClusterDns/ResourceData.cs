using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace Telepresence.Sandbox.ClusterDns;

/// <summary>RDATA in wire format (RFC 1035, RFC 2782), names uncompressed.</summary>
internal static class ResourceData
{
    public static byte[] Address(IPAddress address) => address.GetAddressBytes();

    public static byte[] Name(string absolute)
    {
        using var bytes = new MemoryStream();
        foreach (var label in absolute.TrimEnd('.').Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            bytes.WriteByte((byte)label.Length);
            bytes.Write(Encoding.ASCII.GetBytes(label));
        }
        bytes.WriteByte(0);
        return bytes.ToArray();
    }

    public static byte[] Text(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return [(byte)bytes.Length, .. bytes];
    }

    public static byte[] MailExchange(ushort preference, string host)
    {
        var bytes = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, preference);
        return [.. bytes, .. Name(host)];
    }

    public static byte[] Service(ushort priority, ushort weight, ushort port, string target)
    {
        var bytes = new byte[6];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, priority);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(2), weight);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(4), port);
        return [.. bytes, .. Name(target)];
    }
}
