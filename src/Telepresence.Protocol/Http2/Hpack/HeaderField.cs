namespace Telepresence.Protocol.Http2.Hpack;

/// <summary>A header field; the characters are the bytes on the wire (Latin-1).</summary>
/// <param name="Name">In lower case.</param>
/// <param name="Value">Any.</param>
public readonly record struct HeaderField(string Name, string Value)
{
    /// <summary>What it counts in tables and lists (RFC 7541 §4.1).</summary>
    internal int Size => Name.Length + Value.Length + 32;
}
