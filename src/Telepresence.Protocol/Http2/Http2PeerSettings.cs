using System.Buffers.Binary;

namespace Telepresence.Protocol.Http2;

/// <summary>What the peer wants, as of its latest SETTINGS (RFC 9113 §6.5).</summary>
internal sealed class Http2PeerSettings
{
    public const int DefaultWindowSize = 65_535;
    public const int SmallestMaxFrameSize = 1 << 14;
    private const int LargestMaxFrameSize = (1 << 24) - 1;
    private const int SettingLength = 6;

    /// <summary>100 until the peer has spoken: the least that a peer should allow.</summary>
    public long MaxConcurrentStreams { get; private set; } = 100;

    public int InitialWindowSize { get; private set; } = DefaultWindowSize;

    public int MaxFrameSize { get; private set; } = SmallestMaxFrameSize;

    /// <summary>Takes a frame's payload, whole or not at all.</summary>
    /// <param name="isFirst">What the first SETTINGS do not name has no limit.</param>
    /// <exception cref="Http2Exception">Of the connection.</exception>
    public void Apply(ReadOnlySpan<byte> payload, bool isFirst)
    {
        if (payload.Length % SettingLength != 0)
            throw Http2Exception.OfConnection(Http2ErrorCode.FrameSizeError, "SETTINGS of a wrong length");
        var (streams, window, frame) = (MaxConcurrentStreams, InitialWindowSize, MaxFrameSize);
        if (isFirst)
            streams = long.MaxValue;
        for (; !payload.IsEmpty; payload = payload[SettingLength..])
        {
            var value = BinaryPrimitives.ReadUInt32BigEndian(payload[2..]);
            switch ((Http2Setting)BinaryPrimitives.ReadUInt16BigEndian(payload))
            {
                case Http2Setting.MaxConcurrentStreams:
                    streams = value;
                    break;
                case Http2Setting.InitialWindowSize when value > int.MaxValue:
                    throw Http2Exception.OfConnection(Http2ErrorCode.FlowControlError, "an initial window too large");
                case Http2Setting.InitialWindowSize:
                    window = (int)value;
                    break;
                case Http2Setting.MaxFrameSize when value is < SmallestMaxFrameSize or > LargestMaxFrameSize:
                    throw Http2Exception.OfConnection(
                        Http2ErrorCode.ProtocolError,
                        "a maximum frame size out of range"
                    );
                case Http2Setting.MaxFrameSize:
                    frame = (int)value;
                    break;
                case Http2Setting.EnablePush when value != 0:
                    throw Http2Exception.OfConnection(Http2ErrorCode.ProtocolError, "a server that enables push");
            }
        }
        (MaxConcurrentStreams, InitialWindowSize, MaxFrameSize) = (streams, window, frame);
    }
}
