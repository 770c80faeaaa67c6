namespace Telepresence.Engine.Capture;

/// <summary>
/// Which packets are captured, in a small part of tcpdump's language: <c>ip ip6 tcp udp icmp host A net CIDR port N</c>, the
/// last three also behind <c>src</c> or <c>dst</c>, joined by <c>and or not ( )</c>. Words side by side mean and; not binds
/// tightest, then and.
/// </summary>
internal sealed class PacketFilter
{
    private readonly Func<PacketFacts, bool> _matches;

    private PacketFilter(Func<PacketFacts, bool> matches) => _matches = matches;

    /// <summary>Takes every packet, also what is no IP.</summary>
    public static PacketFilter All { get; } = new(_ => true);

    /// <exception cref="FormatException">The text is no filter; the message says where and why.</exception>
    public static PacketFilter Parse(string? text) =>
        string.IsNullOrWhiteSpace(text) ? All : new PacketFilter(new PacketFilterParser(text).Parse());

    public bool Matches(ReadOnlySpan<byte> packet) =>
        ReferenceEquals(this, All) || (PacketFacts.TryRead(packet, out var facts) && _matches(facts));
}
