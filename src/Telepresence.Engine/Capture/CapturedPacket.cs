namespace Telepresence.Engine.Capture;

/// <summary>A packet on its way into a file.</summary>
/// <param name="Time">Nanoseconds since 1970-01-01 UTC.</param>
/// <param name="IsInbound">From the engine to this machine's programs.</param>
/// <param name="Bytes">Rented; the first <paramref name="Length"/> are the packet.</param>
/// <param name="Length">Of the packet, in bytes.</param>
internal readonly record struct CapturedPacket(long Time, bool IsInbound, byte[] Bytes, int Length)
{
    public ReadOnlyMemory<byte> Packet => Bytes.AsMemory(0, Length);
}
