using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using Google.Protobuf;

namespace Telepresence.Protocol.Grpc;

/// <summary>gRPC's length-prefixed messages on a stream.</summary>
public static class GrpcFraming
{
    /// <summary>A byte for compression, four for the length.</summary>
    public const int PrefixLength = 5;

    /// <summary>gRPC's usual limit for a received message: 4 MiB.</summary>
    public const int DefaultMaxMessageSize = 4 * 1024 * 1024;

    /// <summary>A message with its prefix.</summary>
    public static byte[] Encode(IMessage message)
    {
        var size = message.CalculateSize();
        var bytes = new byte[PrefixLength + size];
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(1), (uint)size);
        message.WriteTo(bytes.AsSpan(PrefixLength));
        return bytes;
    }

    /// <summary>Reads a prefix.</summary>
    /// <param name="prefix">At least <see cref="PrefixLength"/> bytes.</param>
    /// <param name="maxMessageSize">Longer ones are refused.</param>
    /// <exception cref="RpcException">ResourceExhausted: too long. Internal: compressed.</exception>
    public static int ReadPrefix(ReadOnlySpan<byte> prefix, int maxMessageSize)
    {
        if (prefix[0] != 0)
            throw new RpcException(StatusCode.Internal, "The message is compressed, but no compression was agreed on.");
        var length = BinaryPrimitives.ReadUInt32BigEndian(prefix[1..]);
        return length <= maxMessageSize ? (int)length : throw TooLong(maxMessageSize);
    }

    /// <summary>The next message of a stream; null at its end.</summary>
    /// <exception cref="RpcException">ResourceExhausted: too long. Internal: cut short, or no such message.</exception>
    public static async ValueTask<T?> ReadMessageAsync<T>(
        Stream stream,
        int maxMessageSize,
        CancellationToken cancellationToken
    )
        where T : class, IMessage<T>, new()
    {
        var prefix = new byte[PrefixLength];
        var read = await stream
            .ReadAtLeastAsync(prefix, PrefixLength, throwOnEndOfStream: false, cancellationToken)
            .ConfigureAwait(false);
        if (read == 0)
            return null;
        if (read < PrefixLength)
            throw CutShort();
        var length = ReadPrefix(prefix, maxMessageSize);
        var buffer = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            read = await stream
                .ReadAtLeastAsync(buffer.AsMemory(0, length), length, throwOnEndOfStream: false, cancellationToken)
                .ConfigureAwait(false);
            if (read < length)
                throw CutShort();
            return Parse<T>(buffer.AsSpan(0, length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Decodes a message.</summary>
    /// <exception cref="RpcException">Internal: malformed.</exception>
    [SuppressMessage("Design", "CA1000", Justification = "The message type is what the caller names.")]
    public static T Parse<T>(ReadOnlySpan<byte> bytes)
        where T : class, IMessage<T>, new()
    {
        var message = new T();
        try
        {
            message.MergeFrom(bytes);
            return message;
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new RpcException(
                new Status(StatusCode.Internal, $"Not a {message.Descriptor.FullName}: {e.Message}", e)
            );
        }
    }

    internal static RpcException TooLong(int maxMessageSize) =>
        new(StatusCode.ResourceExhausted, $"The message is longer than the limit of {maxMessageSize} bytes.");

    private static RpcException CutShort() => new(StatusCode.Internal, "The stream ended within a message.");
}
