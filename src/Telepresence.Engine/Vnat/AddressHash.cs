namespace Telepresence.Engine.Vnat;

/// <summary>
/// Spreads addresses over 64 bits, the same on every machine and in every run. Not secret: who can choose the addresses
/// of a cluster can make them collide, which costs steps and nothing else.
/// </summary>
internal static class AddressHash
{
    /// <summary>The finalizer of SplitMix64 over both halves.</summary>
    public static ulong Of(UInt128 bits)
    {
        var hash = (ulong)bits ^ ((ulong)(bits >> 64) * 0x9e37_79b9_7f4a_7c15);
        hash = (hash ^ (hash >> 30)) * 0xbf58_476d_1ce4_e5b9;
        hash = (hash ^ (hash >> 27)) * 0x94d0_49bb_1331_11eb;
        return hash ^ (hash >> 31);
    }
}
