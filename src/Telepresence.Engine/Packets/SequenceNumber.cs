namespace Telepresence.Engine.Packets;

/// <summary>
/// A TCP sequence number: arithmetic modulo 2^32 (RFC 9293 §3.4). There is no operator &lt; on purpose: order exists only
/// relative to another number less than 2^31 away, which <see cref="DistanceFrom"/> says.
/// </summary>
internal readonly record struct SequenceNumber(uint Value)
{
    public static SequenceNumber operator +(SequenceNumber number, int count) => new(number.Value + (uint)count);

    /// <summary>Signed distance: positive when this number comes after <paramref name="other"/>.</summary>
    public int DistanceFrom(SequenceNumber other) => (int)(Value - other.Value);

    /// <summary>Whether this number comes after <paramref name="other"/>.</summary>
    public bool IsAfter(SequenceNumber other) => DistanceFrom(other) > 0;

    /// <summary>
    /// The position in an endless stream that this number means, being the one nearest to a known pair.
    /// </summary>
    public long Unwrap(SequenceNumber known, long knownPosition) => knownPosition + DistanceFrom(known);
}
