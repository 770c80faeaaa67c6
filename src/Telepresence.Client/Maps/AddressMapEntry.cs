namespace Telepresence.Client.Maps;

/// <summary>One row of an <see cref="AddressMap"/>.</summary>
public sealed record AddressMapEntry
{
    internal AddressMapEntry(string prefix, AddressRange range, AddressMapKind kind, string text)
    {
        Prefix = prefix;
        Range = range;
        Kind = kind;
        Text = text;
    }

    /// <summary>CIDR.</summary>
    public string Prefix { get; }

    /// <summary>What it is.</summary>
    public AddressMapKind Kind { get; }

    /// <summary>The same in words: interface, owner, session, where it was moved.</summary>
    public string Text { get; }

    /// <summary>How many wider entries it lies in.</summary>
    public int Depth { get; internal set; }

    /// <summary>Where it lies in its outermost entry, 0 to 1.</summary>
    public double Start { get; internal set; }

    /// <summary>Where it ends in its outermost entry, 0 to 1.</summary>
    public double End { get; internal set; } = 1;

    /// <summary>Of a moved subnet: the virtual CIDR that stands for it; else empty.</summary>
    public string MovedTo { get; internal init; } = "";

    internal AddressRange Range { get; }
}
