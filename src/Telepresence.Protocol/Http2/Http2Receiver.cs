using System.Buffers.Binary;
using Telepresence.Protocol.Http2.Hpack;

namespace Telepresence.Protocol.Http2;

/// <summary>The loop that reads a connection's frames and hands them out. Nothing here waits for whoever reads a stream.</summary>
internal sealed class Http2Receiver(Http2Connection connection, Stream transport, Http2ConnectionOptions options)
{
    private readonly byte[] _buffer = new byte[2 * (options.MaxFrameSize + Http2FrameHeader.Size)];
    private readonly Http2HeaderBlock _headers = new(options.MaxHeaderListSize);
    private int _start;
    private int _end;
    private bool _hasBegun;
    private Http2Exception? _farewell;

    // The DATA frame of which not all has come.
    private Http2FrameHeader _data;
    private Http2Stream? _dataStream;
    private int _dataLeft;
    private int _paddingLeft;
    private bool _isInData;

    /// <summary>Reads until the transport's end, or until the peer that goes away has answered all it will.</summary>
    /// <returns>Why the connection is over.</returns>
    /// <exception cref="Http2Exception">The peer broke the protocol.</exception>
    public async Task<Exception> RunAsync()
    {
        while (_farewell is null || !connection.Streams.IsEmpty)
        {
            if (_start == _end)
            {
                _start = _end = 0;
            }
            else if (_start > 0)
            {
                _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
                (_start, _end) = (0, _end - _start);
            }
            var read = await transport.ReadAsync(_buffer.AsMemory(_end)).ConfigureAwait(false);
            if (read == 0)
                break;
            _end += read;
            while (ReadFrame()) { }
        }
        return (Exception?)_farewell ?? new EndOfStreamException("The connection ended.");
    }

    /// <summary>False: not enough has come.</summary>
    private bool ReadFrame()
    {
        if (_isInData)
            return ReadData();
        var available = _buffer.AsSpan(_start, _end - _start);
        if (available.Length < Http2FrameHeader.Size)
            return false;
        var header = Http2FrameHeader.Parse(available);
        Check(header);
        if (header.Type == Http2FrameType.Data)
        {
            if (header.Length > 0 && header.Has(Http2FrameFlags.Padded) && available.Length == Http2FrameHeader.Size)
                return false;
            BeginData(header);
            return ReadData();
        }
        if (available.Length < Http2FrameHeader.Size + header.Length)
            return false;
        _start += Http2FrameHeader.Size + header.Length;
        var payload = available.Slice(Http2FrameHeader.Size, header.Length);
        try
        {
            Dispatch(header, payload);
        }
        catch (Http2Exception e) when (e.IsOfStream)
        {
            connection.Streams.Find(header.StreamId)?.Reset(e.ErrorCode, e);
        }
        return true;
    }

    private void Check(Http2FrameHeader header)
    {
        if (header.Length > options.MaxFrameSize)
            throw Broken(Http2ErrorCode.FrameSizeError, "a frame that is too large");
        if (!_hasBegun && (header.Type != Http2FrameType.Settings || header.Has(Http2FrameFlags.Ack)))
            throw Broken(Http2ErrorCode.ProtocolError, "it does not begin with SETTINGS");
        if (_headers.IsOpen && (header.Type != Http2FrameType.Continuation || header.StreamId != _headers.StreamId))
            throw Broken(Http2ErrorCode.ProtocolError, "a frame within a header block");
        switch (header.Type)
        {
            case Http2FrameType.Data
            or Http2FrameType.Headers
            or Http2FrameType.RstStream
            or Http2FrameType.Continuation:
                if ((header.StreamId & 1) == 0 || header.StreamId > connection.Streams.LastId)
                    throw Broken(Http2ErrorCode.ProtocolError, "a stream that was never opened");
                break;
            case Http2FrameType.WindowUpdate:
                if (header.StreamId > connection.Streams.LastId)
                    throw Broken(Http2ErrorCode.ProtocolError, "a stream that was never opened");
                break;
            case Http2FrameType.Settings or Http2FrameType.Ping or Http2FrameType.GoAway:
                if (header.StreamId != 0)
                    throw Broken(Http2ErrorCode.ProtocolError, "a frame of the connection on a stream");
                break;
            case Http2FrameType.PushPromise:
                throw Broken(Http2ErrorCode.ProtocolError, "a push that was forbidden");
        }
    }

    private void Dispatch(Http2FrameHeader header, ReadOnlySpan<byte> payload)
    {
        switch (header.Type)
        {
            case Http2FrameType.Headers:
                _headers.Begin(header, payload);
                ReadHeaders(header);
                break;
            case Http2FrameType.Continuation:
                _headers.Continue(header, payload);
                ReadHeaders(header);
                break;
            case Http2FrameType.RstStream:
                Require(payload.Length == sizeof(uint), header);
                var code = (Http2ErrorCode)BinaryPrimitives.ReadUInt32BigEndian(payload);
                connection.Streams.Find(header.StreamId)?.OnFailed(Http2Exception.Reset(code));
                break;
            case Http2FrameType.Settings:
                ReadSettings(header, payload);
                break;
            case Http2FrameType.Ping:
                Require(payload.Length == sizeof(ulong), header);
                if (!header.Has(Http2FrameFlags.Ack))
                    connection.Sender.Pong(payload);
                break;
            case Http2FrameType.GoAway:
                ReadFarewell(header, payload);
                break;
            case Http2FrameType.WindowUpdate:
                Require(payload.Length == sizeof(uint), header);
                AddWindow(header.StreamId, BinaryPrimitives.ReadInt32BigEndian(payload) & int.MaxValue);
                break;
        }
    }

    private void BeginData(Http2FrameHeader header)
    {
        var overhead = 0;
        _paddingLeft = 0;
        if (header.Has(Http2FrameFlags.Padded))
        {
            _paddingLeft = header.Length > 0 ? _buffer[_start + Http2FrameHeader.Size] : 0;
            overhead = 1 + _paddingLeft;
            if (overhead > header.Length)
                throw Broken(Http2ErrorCode.ProtocolError, "more padding than data");
        }
        connection.OnData(header.Length);
        _start += Http2FrameHeader.Size + (overhead > 0 ? 1 : 0);
        (_data, _dataLeft, _isInData) = (header, header.Length - overhead, true);
        _dataStream = connection.Streams.Find(header.StreamId) is { IsResponseEnded: false } open ? open : null;
        try
        {
            if (_dataStream is { Response.IsCompleted: false })
                throw Http2Exception.OfStream(Http2ErrorCode.ProtocolError, "data before headers");
            _dataStream?.Body.Charge(header.Length);
        }
        catch (Http2Exception e) when (e.IsOfStream)
        {
            _dataStream!.Reset(e.ErrorCode, e);
            _dataStream = null;
        }
        if (overhead > 0)
            Discard(overhead);
    }

    private bool ReadData()
    {
        var part = Math.Min(_dataLeft, _end - _start);
        if (part > 0)
        {
            if (_dataStream is null)
                Discard(part);
            else
                _dataStream.Body.Append(_buffer.AsSpan(_start, part));
            _start += part;
            _dataLeft -= part;
        }
        var padding = Math.Min(_paddingLeft, _end - _start);
        _start += padding;
        _paddingLeft -= padding;
        if (_dataLeft > 0 || _paddingLeft > 0)
            return false;
        _isInData = false;
        if (_data.Has(Http2FrameFlags.EndStream))
            _dataStream?.OnResponseEnded();
        _dataStream = null;
        return true;
    }

    private void Discard(int count)
    {
        if (_dataStream is null)
            connection.OnRead(count);
        else
            _dataStream.Body.Consume(count);
    }

    private void ReadHeaders(Http2FrameHeader header)
    {
        if (_headers.IsOpen)
            return;
        var fields = new List<HeaderField>();
        // Also where nobody asks, to keep the compression's state in step.
        var isWhole = _headers.Decode(fields);
        if (connection.Streams.Find(header.StreamId) is not { IsResponseEnded: false } stream)
            return;
        if (!isWhole)
            throw Http2Exception.OfStream(
                Http2ErrorCode.EnhanceYourCalm,
                $"headers of more than {options.MaxHeaderListSize} bytes"
            );
        stream.OnHeaders(fields, _headers.EndsStream);
        if (_headers.EndsStream)
            stream.OnResponseEnded();
    }

    private void ReadSettings(Http2FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (header.Has(Http2FrameFlags.Ack))
        {
            Require(payload.IsEmpty, header);
            connection.OnAnswered();
            return;
        }
        _hasBegun = true;
        connection.Sender.Apply(payload, connection.Streams.ToList);
        connection.Streams.SetLimit(connection.Sender.MaxConcurrentStreams);
    }

    private void ReadFarewell(Http2FrameHeader header, ReadOnlySpan<byte> payload)
    {
        Require(payload.Length >= 2 * sizeof(uint), header);
        var lastServed = BinaryPrimitives.ReadInt32BigEndian(payload) & int.MaxValue;
        var code = (Http2ErrorCode)BinaryPrimitives.ReadUInt32BigEndian(payload[sizeof(uint)..]);
        _farewell = Http2Exception.GoneAway(code, isUnprocessed: false);
        connection.OnFarewell(code, lastServed);
    }

    private void AddWindow(int streamId, int increment)
    {
        if (increment == 0)
            throw streamId == 0
                ? Broken(Http2ErrorCode.ProtocolError, "a window that grows by nothing")
                : Http2Exception.OfStream(Http2ErrorCode.ProtocolError, "a window that grows by nothing");
        if (streamId == 0)
            connection.Sender.AddWindow(null, increment);
        else if (connection.Streams.Find(streamId) is { } stream)
            connection.Sender.AddWindow(stream.Request, increment);
    }

    private static void Require(bool isRight, Http2FrameHeader header)
    {
        if (!isRight)
            throw Broken(Http2ErrorCode.FrameSizeError, $"{header.Type} of {header.Length} bytes");
    }

    private static Http2Exception Broken(Http2ErrorCode code, string what) => Http2Exception.OfConnection(code, what);
}
