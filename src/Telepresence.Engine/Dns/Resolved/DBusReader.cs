using System.Buffers.Binary;
using System.Text;

namespace Telepresence.Engine.Dns.Resolved;

/// <summary>Reads marshalled values; the counterpart of <see cref="DBusWriter"/>.</summary>
/// <param name="offset">Where to start; alignment counts from the start of <paramref name="bytes"/>.</param>
internal ref struct DBusReader(ReadOnlySpan<byte> bytes, int offset = 0)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    public int Offset { get; private set; } = offset;

    public readonly bool AtEnd => Offset >= _bytes.Length;

    public byte Byte() => Take(1)[0];

    public bool Boolean() => UInt32() != 0;

    public uint UInt32()
    {
        Align(4);
        return BinaryPrimitives.ReadUInt32LittleEndian(Take(4));
    }

    public string String() => Text(UInt32());

    public string Signature() => Text(Byte());

    public void Align(int alignment) => Take(-Offset & (alignment - 1));

    private string Text(uint length)
    {
        if (length >= int.MaxValue)
            throw new DBusException(DBusException.Malformed, "a string is longer than its message");
        var text = Encoding.UTF8.GetString(Take((int)length));
        Take(1);
        return text;
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (_bytes.Length - Offset < count)
            throw new DBusException(DBusException.Malformed, "a message is shorter than it says");
        var taken = _bytes.Slice(Offset, count);
        Offset += count;
        return taken;
    }
}
