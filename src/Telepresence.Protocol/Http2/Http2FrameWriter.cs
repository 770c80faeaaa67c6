using System.Buffers;
using System.Buffers.Binary;
using Telepresence.Protocol.Http2.Hpack;

namespace Telepresence.Protocol.Http2;

/// <summary>Frames, gathered in one buffer while another one is on its way. Not for several threads at once.</summary>
/// <param name="capacity">In bytes; frames that are more make the buffers larger.</param>
internal sealed class Http2FrameWriter(int capacity)
{
    private readonly ArrayBufferWriter<byte> _block = new();
    private ArrayBufferWriter<byte> _filling = new(capacity);
    private ArrayBufferWriter<byte> _sending = new(capacity);
    private bool _hasSentBlock;

    /// <summary>Bytes gathered.</summary>
    public int Length => _filling.WrittenCount;

    /// <summary>What was gathered, and stays as it is until the next call.</summary>
    public ReadOnlyMemory<byte> Take()
    {
        (_filling, _sending) = (_sending, _filling);
        _filling.ResetWrittenCount();
        return _sending.WrittenMemory;
    }

    /// <summary>The connection preface and our SETTINGS, with which the connection's window is as large as it shall be.</summary>
    public void WritePreface(Http2ConnectionOptions options)
    {
        _filling.Write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8);
        const int count = 4;
        WriteHeader(count * 6, Http2FrameType.Settings, Http2FrameFlags.None, 0);
        WriteSetting(Http2Setting.EnablePush, 0);
        WriteSetting(Http2Setting.InitialWindowSize, options.InitialStreamWindow);
        WriteSetting(Http2Setting.MaxFrameSize, options.MaxFrameSize);
        WriteSetting(Http2Setting.MaxHeaderListSize, options.MaxHeaderListSize);
        WriteWindowUpdate(0, options.ConnectionWindow - Http2PeerSettings.DefaultWindowSize);
    }

    /// <summary>HEADERS, and CONTINUATION where they are more than a frame takes.</summary>
    public void WriteHeaders(int streamId, IReadOnlyList<HeaderField> headers, int maxFrameSize)
    {
        _block.ResetWrittenCount();
        if (!_hasSentBlock)
            _block.Write([HpackEncoder.EmptyTable]);
        _hasSentBlock = true;
        foreach (var header in headers)
            HpackEncoder.Write(_block, header);
        var block = _block.WrittenSpan;
        var type = Http2FrameType.Headers;
        do
        {
            var part = block[..Math.Min(block.Length, maxFrameSize)];
            block = block[part.Length..];
            var flags = block.IsEmpty ? Http2FrameFlags.EndHeaders : Http2FrameFlags.None;
            WriteHeader(part.Length, type, flags, streamId);
            _filling.Write(part);
            type = Http2FrameType.Continuation;
        } while (!block.IsEmpty);
    }

    /// <summary>DATA, with END_STREAM when that was all.</summary>
    public void WriteData(Http2RequestBody body, int length)
    {
        var frame = _filling.GetSpan(Http2FrameHeader.Size + length);
        var isLast = body.Take(frame.Slice(Http2FrameHeader.Size, length));
        var flags = isLast ? Http2FrameFlags.EndStream : Http2FrameFlags.None;
        new Http2FrameHeader(length, Http2FrameType.Data, flags, body.StreamId).Write(frame);
        _filling.Advance(Http2FrameHeader.Size + length);
    }

    public void WriteReset(int streamId, Http2ErrorCode code)
    {
        WriteHeader(sizeof(uint), Http2FrameType.RstStream, Http2FrameFlags.None, streamId);
        WriteInteger((uint)code);
    }

    /// <param name="streamId">0: the connection's.</param>
    public void WriteWindowUpdate(int streamId, int increment)
    {
        WriteHeader(sizeof(uint), Http2FrameType.WindowUpdate, Http2FrameFlags.None, streamId);
        WriteInteger((uint)increment);
    }

    public void WriteGoAway(Http2ErrorCode code)
    {
        WriteHeader(2 * sizeof(uint), Http2FrameType.GoAway, Http2FrameFlags.None, 0);
        WriteInteger(0);
        WriteInteger((uint)code);
    }

    /// <summary>PING's answer.</summary>
    public void WritePong(ReadOnlySpan<byte> opaque)
    {
        WriteHeader(opaque.Length, Http2FrameType.Ping, Http2FrameFlags.Ack, 0);
        _filling.Write(opaque);
    }

    /// <summary>SETTINGS' answer.</summary>
    public void WriteSettingsTaken() => WriteHeader(0, Http2FrameType.Settings, Http2FrameFlags.Ack, 0);

    private void WriteHeader(int length, Http2FrameType type, Http2FrameFlags flags, int streamId)
    {
        new Http2FrameHeader(length, type, flags, streamId).Write(_filling.GetSpan(Http2FrameHeader.Size));
        _filling.Advance(Http2FrameHeader.Size);
    }

    private void WriteSetting(Http2Setting setting, int value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(_filling.GetSpan(sizeof(ushort)), (ushort)setting);
        _filling.Advance(sizeof(ushort));
        WriteInteger((uint)value);
    }

    private void WriteInteger(uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(_filling.GetSpan(sizeof(uint)), value);
        _filling.Advance(sizeof(uint));
    }
}
