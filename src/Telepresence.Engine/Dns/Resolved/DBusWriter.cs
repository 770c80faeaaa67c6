using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Telepresence.Engine.Dns.Resolved;

/// <summary>
/// Marshals values as the D-Bus specification says, little-endian: each at a multiple of its alignment, counted from
/// the start of what is written (a header or a body, both of which start at a multiple of 8).
/// </summary>
internal sealed class DBusWriter
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    public ReadOnlySpan<byte> Written => _bytes.WrittenSpan;

    public void Byte(byte value)
    {
        _bytes.GetSpan(1)[0] = value;
        _bytes.Advance(1);
    }

    public void Boolean(bool value) => UInt32(value ? 1u : 0u);

    public void Int32(int value) => UInt32((uint)value);

    public void UInt32(uint value)
    {
        Align(4);
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes.GetSpan(4), value);
        _bytes.Advance(4);
    }

    /// <summary>A string or an object path.</summary>
    public void String(string value)
    {
        UInt32((uint)Encoding.UTF8.GetByteCount(value));
        Encoding.UTF8.GetBytes(value, _bytes);
        Byte(0);
    }

    public void Signature(string value)
    {
        Byte((byte)value.Length);
        Encoding.ASCII.GetBytes(value, _bytes);
        Byte(0);
    }

    public void Bytes(ReadOnlySpan<byte> value)
    {
        UInt32((uint)value.Length);
        _bytes.Write(value);
    }

    /// <summary>A structure's fields follow.</summary>
    public void BeginStructure() => Align(8);

    /// <summary>An array; its length is what <paramref name="element"/> writes, without the padding before the first one.</summary>
    /// <param name="alignment">Of an element.</param>
    public void Array<T>(IEnumerable<T> items, int alignment, Action<DBusWriter, T> element)
    {
        Align(4);
        // Elements are written apart, starting at the same remainder, so that the length is known before them.
        var content = new DBusWriter();
        var start = _bytes.WrittenCount + 4;
        var padding = Padding(start, alignment);
        var skew = (start + padding) % 8;
        content.Pad(skew);
        foreach (var item in items)
            element(content, item);
        UInt32((uint)(content._bytes.WrittenCount - skew));
        Pad(padding);
        _bytes.Write(content.Written[skew..]);
    }

    public void Align(int alignment) => Pad(Padding(_bytes.WrittenCount, alignment));

    private void Pad(int count)
    {
        _bytes.GetSpan(count + 1)[..count].Clear();
        _bytes.Advance(count);
    }

    private static int Padding(int position, int alignment) => -position & (alignment - 1);
}
