using System.Buffers.Binary;
using System.Text.Json;

namespace Telepresence.Client.Ipc;

/// <summary>Frames: four bytes of length, big-endian, then one JSON-RPC message in UTF-8.</summary>
internal static class JsonRpcFraming
{
    /// <summary>Null at a clean end, between two frames.</summary>
    /// <exception cref="JsonRpcProtocolException">The frame is too long, cut off, or no JSON-RPC 2.0 message.</exception>
    public static async Task<JsonRpcMessage?> ReadAsync(
        Stream stream,
        byte[] head,
        int maximum,
        CancellationToken cancellationToken
    )
    {
        var got = await stream
            .ReadAtLeastAsync(head, sizeof(int), throwOnEndOfStream: false, cancellationToken)
            .ConfigureAwait(false);
        if (got == 0)
        {
            return null;
        }
        if (got < sizeof(int))
        {
            throw new JsonRpcProtocolException("the connection ended within a frame's length");
        }
        var length = BinaryPrimitives.ReadUInt32BigEndian(head);
        if (length == 0 || length > maximum)
        {
            throw new JsonRpcProtocolException($"a frame of {length} bytes; 1 to {maximum} are allowed");
        }
        // Grown as bytes arrive: a peer that only announces a lot must not make us allocate it.
        var buffer = new byte[Math.Min(length, 64 << 10)];
        var filled = 0;
        while (filled < length)
        {
            if (filled == buffer.Length)
            {
                Array.Resize(ref buffer, (int)Math.Min(length, buffer.Length * 2L));
            }
            var count = await stream.ReadAsync(buffer.AsMemory(filled), cancellationToken).ConfigureAwait(false);
            if (count == 0)
            {
                throw new JsonRpcProtocolException("the connection ended within a frame");
            }
            filled += count;
        }
        return Parse(buffer.AsSpan(0, filled));
    }

    /// <exception cref="JsonRpcProtocolException">No JSON-RPC 2.0 message.</exception>
    public static JsonRpcMessage Parse(ReadOnlySpan<byte> json)
    {
        try
        {
            var message = JsonSerializer.Deserialize(json, JsonRpcJson.Default.JsonRpcMessage);
            return message is { Jsonrpc: "2.0" } and ({ Method: not null } or { Error: not null } or { Id: not null })
                ? message
                : throw new JsonRpcProtocolException("a message that is not JSON-RPC 2.0");
        }
        catch (JsonException e)
        {
            throw new JsonRpcProtocolException($"a message that is not JSON: {e.Message}", e);
        }
    }

    public static byte[] Write(JsonRpcMessage message)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(message, JsonRpcJson.Default.JsonRpcMessage);
        var frame = new byte[sizeof(int) + json.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, json.Length);
        json.CopyTo(frame, sizeof(int));
        return frame;
    }
}
