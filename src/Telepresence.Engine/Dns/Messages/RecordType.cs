namespace Telepresence.Engine.Dns;

/// <summary>Resource record types that mean something here (RFC 1035 §3.2.2, 3596, 2782, 6891).</summary>
internal static class RecordType
{
    public const ushort A = 1;
    public const ushort NS = 2;
    public const ushort CName = 5;
    public const ushort Ptr = 12;
    public const ushort MX = 15;
    public const ushort Txt = 16;
    public const ushort Aaaa = 28;
    public const ushort Srv = 33;
    public const ushort Opt = 41;

    /// <summary>How many types the traffic-manager looks up.</summary>
    public const int SupportedCount = 8;

    /// <summary>0 to 7 for a type that the traffic-manager looks up, otherwise -1 (PROTOCOL §3.1).</summary>
    public static int IndexOf(ushort type) =>
        type switch
        {
            A => 0,
            Aaaa => 1,
            CName => 2,
            NS => 3,
            Ptr => 4,
            MX => 5,
            Txt => 6,
            Srv => 7,
            _ => -1,
        };
}
