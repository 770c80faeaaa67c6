namespace Telepresence.Engine.Routing;

/// <summary>
/// The numbers that belong to one engine of a machine: rule preferences, tables, a mark. Several engines (of several
/// users) chain: the one that came last has the lowest preferences, so it is asked first.
/// <code>
/// Start       fwmark Bit/Bit  goto Start+3     our own forwarded queries leave the block
/// Start + 1   iif lo to NS ipproto … dport 53  lookup CaptureTable
/// Start + 2   lookup OverridingTable
/// Start + 3   nop
/// </code>
/// </summary>
/// <param name="Number">0 to <see cref="Count"/> - 1; a later engine takes a higher one than all that live.</param>
internal readonly record struct RoutingBlock(int Number)
{
    /// <summary>
    /// rtm_protocol and FRA_PROTOCOL of everything of ours. Not assigned in rtnetlink.h (which stops at 18 but for 42,
    /// 84, 99, 186–189, 192), nor in iproute2's rt_protos.
    /// </summary>
    public const byte Protocol = 116;

    /// <summary>Engines that can run in one network namespace at a time: as many as there are mark bits.</summary>
    public const int Count = 8;

    /// <summary>
    /// Metric of ordinary routes in the main table. High: a route that somebody else sets for exactly the same prefix
    /// stays in force. Not 1024, which IPv6 gives to routes without one.
    /// </summary>
    public const uint OrdinaryMetric = 1116;

    // Before everything known: Tailscale 5210–5270, wg-quick and NetworkManager above 30000, cloud agents from 100 up.
    private const uint FirstPreference = 20;
    private const uint PreferencesEach = 4;
    private const uint FirstTable = 77_500;

    // Tailscale (16–23) and kube-proxy (14, 15) use lower bits.
    private const int FirstMarkBit = 24;

    public uint Start => FirstPreference + ((uint)(Count - 1 - Number) * PreferencesEach);

    public uint CapturePreference => Start + 1;

    public uint OverridingPreference => Start + 2;

    public uint End => Start + 3;

    public uint CaptureTable => FirstTable + ((uint)Number * 2);

    public uint OverridingTable => CaptureTable + 1;

    /// <summary>The bit that lets a packet leave this block.</summary>
    public uint MarkBit => 1u << (FirstMarkBit + Number);

    /// <summary>
    /// The mark of this engine's exempt sockets: it leaves this block and those of all later engines, but is captured by
    /// the earlier ones. Were a later engine's block not left too, its forwarding to us would come back to it for ever.
    /// </summary>
    public uint Mark => unchecked((uint)(0xFFL << (FirstMarkBit + Number)));

    /// <summary>The block's name in the kernel's abstract socket space; bound while its engine lives.</summary>
    public string LockName => $"telepresence-powershell/routing/{Number}";

    public static IEnumerable<RoutingBlock> All => Enumerable.Range(0, Count).Select(n => new RoutingBlock(n));

    public bool Owns(SystemRule rule) =>
        rule.Protocol == Protocol && rule.Preference >= Start && rule.Preference <= End;

    public bool Owns(SystemRoute route) => route.Table == CaptureTable || route.Table == OverridingTable;
}
