namespace Telepresence.Protocol;

/// <summary>A stream that takes a short prefix and its payload in one write, so that nobody needs to copy them together.</summary>
internal interface IPrefixedWriter
{
    /// <summary>As <see cref="Stream.WriteAsync(ReadOnlyMemory{byte}, CancellationToken)"/>, of both in turn.</summary>
    /// <param name="flush">False only when another write, or a flush, follows at once.</param>
    ValueTask WriteAsync(
        ReadOnlyMemory<byte> prefix,
        ReadOnlyMemory<byte> payload,
        bool flush,
        CancellationToken cancellationToken
    );
}
