using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Telepresence.Kubernetes;

/// <summary>Masking of client frames (RFC 6455 5.3), done while the bytes are copied anyway.</summary>
internal static class WebSocketMask
{
    /// <param name="phase">How many bytes of the frame's payload were masked before.</param>
    public static void Copy(ReadOnlySpan<byte> source, Span<byte> destination, ReadOnlySpan<byte> mask, int phase)
    {
        destination = destination[..source.Length];
        // Rotated so that its first byte belongs to the first byte of source.
        var key = BitConverter.IsLittleEndian
            ? BitOperations.RotateRight(MemoryMarshal.Read<uint>(mask), 8 * (phase & 3))
            : BitOperations.RotateLeft(MemoryMarshal.Read<uint>(mask), 8 * (phase & 3));
        var index = 0;
        if (Vector.IsHardwareAccelerated)
        {
            var keys = Vector.AsVectorByte(new Vector<uint>(key));
            for (; index <= source.Length - Vector<byte>.Count; index += Vector<byte>.Count)
            {
                (new Vector<byte>(source[index..]) ^ keys).CopyTo(destination[index..]);
            }
        }
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        MemoryMarshal.Write(bytes, in key);
        for (; index < source.Length; index++)
        {
            destination[index] = (byte)(source[index] ^ bytes[index & 3]);
        }
    }
}
