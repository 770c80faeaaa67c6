using System.Buffers;
using Telepresence.Protocol.Http2.Hpack;

namespace Telepresence.Protocol.Http2;

/// <summary>
/// Puts a header block together from HEADERS and CONTINUATION, and decodes it. Its bytes and its frames are bounded: a peer that
/// never ends one costs nothing (CVE-2024-27316).
/// </summary>
/// <param name="maxListSize">Of the decoded list. On the wire nothing sensible is longer.</param>
internal sealed class Http2HeaderBlock(int maxListSize)
{
    private const int MaxFrames = 64;
    private const int PriorityLength = 5;

    private readonly HpackDecoder _decoder = new(4096, maxListSize);
    private readonly ArrayBufferWriter<byte> _block = new();
    private int _frames;

    /// <summary>More has to come.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>Whose headers they are.</summary>
    public int StreamId { get; private set; }

    /// <summary>They are the stream's last frame.</summary>
    public bool EndsStream { get; private set; }

    /// <summary>HEADERS.</summary>
    /// <exception cref="Http2Exception">Of the connection.</exception>
    public void Begin(Http2FrameHeader header, ReadOnlySpan<byte> payload)
    {
        var padding = 0;
        if (header.Has(Http2FrameFlags.Padded))
        {
            padding = payload.IsEmpty ? 1 : payload[0];
            payload = payload.IsEmpty ? payload : payload[1..];
        }
        var priority = header.Has(Http2FrameFlags.Priority) ? PriorityLength : 0;
        if (padding + priority > payload.Length)
            throw Http2Exception.OfConnection(Http2ErrorCode.ProtocolError, "more padding than headers");
        _block.ResetWrittenCount();
        _frames = 0;
        StreamId = header.StreamId;
        EndsStream = header.Has(Http2FrameFlags.EndStream);
        Add(header, payload[priority..^padding]);
    }

    /// <summary>CONTINUATION.</summary>
    /// <exception cref="Http2Exception">Of the connection.</exception>
    public void Continue(Http2FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (!IsOpen)
            throw Http2Exception.OfConnection(Http2ErrorCode.ProtocolError, "CONTINUATION of nothing");
        Add(header, payload);
    }

    /// <inheritdoc cref="HpackDecoder.Decode"/>
    public bool Decode(List<HeaderField> fields) => _decoder.Decode(_block.WrittenSpan, fields);

    private void Add(Http2FrameHeader header, ReadOnlySpan<byte> part)
    {
        if (++_frames > MaxFrames || _block.WrittenCount + part.Length > 2 * maxListSize)
            throw Http2Exception.OfConnection(Http2ErrorCode.EnhanceYourCalm, "headers without an end");
        _block.Write(part);
        IsOpen = !header.Has(Http2FrameFlags.EndHeaders);
    }
}
