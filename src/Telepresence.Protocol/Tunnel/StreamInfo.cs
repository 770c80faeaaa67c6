using System.Text;

namespace Telepresence.Protocol.Tunnel;

/// <summary>The handshake that opens a tunnel.</summary>
/// <param name="ConnId">What to dial, for whom.</param>
/// <param name="SessionId">The caller's session.</param>
/// <param name="RoundtripLatency">Added to time-outs by whoever waits for the far side.</param>
/// <param name="DialTimeout">How long the dial may take.</param>
/// <param name="ProtocolVersion">The caller's.</param>
public sealed record StreamInfo(
    ConnId ConnId,
    string SessionId,
    TimeSpan RoundtripLatency,
    TimeSpan DialTimeout,
    ulong ProtocolVersion = StreamInfo.CurrentVersion
)
{
    /// <summary>What every release since 2.5 announces.</summary>
    public const ulong CurrentVersion = 2;

    // Peers read the varints through an 8-byte scratch buffer.
    private const ulong MaxNanoseconds = (1UL << 56) - 1;

    private static readonly UTF8Encoding StrictUtf8 = new(false, true);

    /// <summary>The body of the message, without its code.</summary>
    public byte[] ToByteArray()
    {
        var latency = Nanoseconds(RoundtripLatency);
        var timeout = Nanoseconds(DialTimeout);
        var sessionLength = Encoding.UTF8.GetByteCount(SessionId);
        var bytes = new byte[
            UVarint.LengthOf(ProtocolVersion)
                + UVarint.LengthOf(latency)
                + UVarint.LengthOf(timeout)
                + 1
                + ConnId.Length
                + UVarint.LengthOf((ulong)sessionLength)
                + sessionLength
        ];
        var rest = bytes.AsSpan();
        rest = rest[UVarint.Write(rest, ProtocolVersion)..];
        rest = rest[UVarint.Write(rest, latency)..];
        rest = rest[UVarint.Write(rest, timeout)..];
        rest = rest[UVarint.Write(rest, (ulong)ConnId.Length)..];
        rest = rest[ConnId.Write(rest)..];
        rest = rest[UVarint.Write(rest, (ulong)sessionLength)..];
        Encoding.UTF8.GetBytes(SessionId, rest);
        return bytes;
    }

    /// <summary>Bytes after the session id are ignored, as peers do.</summary>
    public static bool TryParse(ReadOnlySpan<byte> body, out StreamInfo? info)
    {
        info = null;
        if (
            !TryReadVarint(ref body, out var version)
            || !TryReadVarint(ref body, out var latency)
            || !TryReadVarint(ref body, out var timeout)
            || !TryReadBytes(ref body, out var idBytes)
            || !ConnId.TryParse(idBytes, out var id)
            || !TryReadBytes(ref body, out var session)
        )
            return false;
        try
        {
            info = new StreamInfo(id!, StrictUtf8.GetString(session), Duration(latency), Duration(timeout), version);
            return true;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }

    private static ulong Nanoseconds(TimeSpan duration) =>
        duration <= TimeSpan.Zero ? 0
        : duration.Ticks > (long)(MaxNanoseconds / 100) ? MaxNanoseconds
        : (ulong)duration.Ticks * 100;

    private static TimeSpan Duration(ulong nanoseconds) => TimeSpan.FromTicks((long)(nanoseconds / 100));

    private static bool TryReadVarint(ref ReadOnlySpan<byte> rest, out ulong value)
    {
        var length = UVarint.Read(rest, out value);
        if (length <= 0)
            return false;
        rest = rest[length..];
        return true;
    }

    private static bool TryReadBytes(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if (!TryReadVarint(ref rest, out var length) || length > (ulong)rest.Length)
            return false;
        bytes = rest[..(int)length];
        rest = rest[(int)length..];
        return true;
    }
}
