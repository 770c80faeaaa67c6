using System.Buffers.Binary;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;

namespace Telepresence.Engine.Netlink;

/// <summary>
/// Builds one netlink message: header, a fixed body, attributes padded to four bytes. Numbers are in the machine's byte
/// order, as netlink(7) has them.
/// </summary>
internal sealed class NetlinkRequest
{
    /// <summary>Bytes of <c>struct nlmsghdr</c>.</summary>
    public const int HeaderLength = 16;

    private byte[] _bytes = new byte[256];
    private int _length = HeaderLength;

    /// <param name="body">The family's fixed header (<c>rtmsg</c>, <c>ifinfomsg</c> …).</param>
    public NetlinkRequest(ushort type, ushort flags, ReadOnlySpan<byte> body)
    {
        MemoryMarshal.Write(_bytes.AsSpan(4), type);
        MemoryMarshal.Write(_bytes.AsSpan(6), flags);
        Append(body);
    }

    public ushort Type => MemoryMarshal.Read<ushort>(_bytes.AsSpan(4));

    public NetlinkRequest Put(ushort type, ReadOnlySpan<byte> payload)
    {
        Span<byte> header = stackalloc byte[4];
        MemoryMarshal.Write(header, checked((ushort)(payload.Length + 4)));
        MemoryMarshal.Write(header[2..], type);
        Append(header);
        Append(payload);
        return this;
    }

    public NetlinkRequest Put(ushort type, byte value) => Put(type, [value]);

    public NetlinkRequest Put(ushort type, uint value) =>
        Put(type, MemoryMarshal.AsBytes(new ReadOnlySpan<uint>(in value)));

    public NetlinkRequest Put(ushort type, IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var written);
        return Put(type, bytes[..written]);
    }

    /// <summary>A port in network byte order.</summary>
    public NetlinkRequest PutPort(ushort type, ushort port)
    {
        Span<byte> bytes = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, port);
        return Put(type, bytes);
    }

    /// <summary>Text with the terminating zero that the kernel's string policies want.</summary>
    public NetlinkRequest Put(ushort type, string text) => Put(type, Encoding.UTF8.GetBytes(text + '\0'));

    /// <summary>An attribute whose content <paramref name="fill"/> puts.</summary>
    public NetlinkRequest Nest(ushort type, Action<NetlinkRequest> fill)
    {
        var start = _length;
        Append(stackalloc byte[4]);
        fill(this);
        MemoryMarshal.Write(_bytes.AsSpan(start), checked((ushort)(_length - start)));
        MemoryMarshal.Write(_bytes.AsSpan(start + 2), type);
        return this;
    }

    /// <summary>The finished message.</summary>
    public ReadOnlySpan<byte> Finish(uint sequence, uint portId = 0)
    {
        MemoryMarshal.Write(_bytes, (uint)_length);
        MemoryMarshal.Write(_bytes.AsSpan(8), sequence);
        MemoryMarshal.Write(_bytes.AsSpan(12), portId);
        return _bytes.AsSpan(0, _length);
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        var padded = (bytes.Length + 3) & ~3;
        if (_length + padded > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + padded));
        }
        bytes.CopyTo(_bytes.AsSpan(_length));
        _bytes.AsSpan(_length + bytes.Length, padded - bytes.Length).Clear();
        _length += padded;
    }
}
