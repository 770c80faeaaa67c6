using Telepresence.Protocol.Http2;
using Telepresence.Protocol.Http2.Hpack;

namespace Telepresence.TrafficManager.Agents.Forwarding;

/// <summary>
/// The beginning of an HTTP/2 connection (RFC 9113), to its first request. The caller may wait for the server's SETTINGS before
/// it asks, so empty ones are sent for whatever server it will be; the acknowledgement of them is kept from that server.
/// </summary>
internal sealed class Http2Opening
{
    private const int MaxFrameLength = 16384;
    private const int MaxLength = 1024 * 1024;
    private const int TableSize = 4096;

    private static readonly byte[] EmptySettings = [0, 0, 0, (byte)Http2FrameType.Settings, 0, 0, 0, 0, 0];

    private readonly List<byte> _bytes = [];
    private readonly List<byte> _block = [];

    private Http2Opening() { }

    private static ReadOnlySpan<byte> Preface => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;

    /// <summary>What is to be sent on so far.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes.ToArray();

    /// <summary>True: the acknowledgement has come, and was dropped.</summary>
    public bool HasAcknowledgement { get; private set; }

    /// <summary>Of the first request.</summary>
    public string Path { get; private set; } = "";

    /// <summary>Of the first request, by name.</summary>
    public ILookup<string, string> Headers { get; private set; } = Array.Empty<string>().ToLookup(h => h);

    /// <summary>True: the connection's beginning is HTTP/2's.</summary>
    public static bool IsPreface(ReadOnlySpan<byte> bytes) => bytes.StartsWith(Preface);

    public static async ValueTask<Http2Opening> ReadAsync(
        IFarEnd caller,
        CallerBuffer buffer,
        CancellationToken cancellationToken
    )
    {
        var opening = new Http2Opening();
        opening._bytes.AddRange(buffer.Take(Preface.Length).Span);
        await caller.SendAsync(EmptySettings, cancellationToken).ConfigureAwait(false);
        while (!opening.Add(await TakeFrameAsync(buffer, cancellationToken).ConfigureAwait(false)))
            if (opening._bytes.Count > MaxLength)
                throw new IOException("An HTTP/2 connection without a request.");
        return opening;
    }

    /// <summary>Sends frames on until the acknowledgement has come.</summary>
    public async ValueTask ForwardToAcknowledgementAsync(
        CallerBuffer buffer,
        Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> send,
        CancellationToken cancellationToken
    )
    {
        while (!HasAcknowledgement)
        {
            var frame = await TakeFrameAsync(buffer, cancellationToken).ConfigureAwait(false);
            if (IsAcknowledgement(frame.Span))
                HasAcknowledgement = true;
            else
                await send(frame, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async ValueTask<ReadOnlyMemory<byte>> TakeFrameAsync(
        CallerBuffer buffer,
        CancellationToken cancellationToken
    )
    {
        if (!await buffer.FillAsync(Http2FrameHeader.Size, cancellationToken).ConfigureAwait(false))
            throw new IOException("The HTTP/2 connection ended.");
        var length = Http2FrameHeader.Parse(buffer.Available.Span).Length;
        if (length > MaxFrameLength)
            throw new IOException("A frame of the HTTP/2 connection is longer than allowed.");
        if (!await buffer.FillAsync(Http2FrameHeader.Size + length, cancellationToken).ConfigureAwait(false))
            throw new IOException("The HTTP/2 connection ended within a frame.");
        return buffer.Take(Http2FrameHeader.Size + length);
    }

    private bool IsAcknowledgement(ReadOnlySpan<byte> frame)
    {
        var header = Http2FrameHeader.Parse(frame);
        return !HasAcknowledgement && header.Type == Http2FrameType.Settings && header.Has(Http2FrameFlags.Ack);
    }

    /// <returns>True: the first request's headers are complete.</returns>
    private bool Add(ReadOnlyMemory<byte> memory)
    {
        var frame = memory.Span;
        if (IsAcknowledgement(frame))
        {
            HasAcknowledgement = true;
            return false;
        }
        _bytes.AddRange(frame);
        var header = Http2FrameHeader.Parse(frame);
        if (header.Type is not (Http2FrameType.Headers or Http2FrameType.Continuation))
            return false;
        var body = frame[Http2FrameHeader.Size..];
        if (header.Type == Http2FrameType.Headers)
        {
            var padding = 0;
            if (header.Has(Http2FrameFlags.Padded))
            {
                padding = body.Length > 0 ? body[0] : 0;
                body = body[1..];
            }
            if (header.Has(Http2FrameFlags.Priority))
                body = body[Math.Min(5, body.Length)..];
            body = body[..Math.Max(0, body.Length - padding)];
        }
        _block.AddRange(body);
        if (!header.Has(Http2FrameFlags.EndHeaders))
            return false;
        var fields = new List<HeaderField>();
        new HpackDecoder(TableSize, MaxLength).Decode([.. _block], fields);
        Headers = fields.ToLookup(f => f.Name, f => f.Value);
        Path = Headers[":path"].FirstOrDefault() ?? "";
        return true;
    }
}
