namespace Telepresence.Engine.Packets;

/// <summary>Why an IPv6 packet is refused, where its sender is to be told: ICMPv6 parameter problem (RFC 4443 §3.4).</summary>
/// <param name="Pointer">Byte of the packet at which the fault lies.</param>
internal readonly record struct Ipv6Problem(byte Code, int Pointer)
{
    public const byte ErroneousField = 0;
    public const byte UnrecognizedNextHeader = 1;
    public const byte UnrecognizedOption = 2;

    /// <summary>RFC 7112 §5: a first fragment must hold all headers.</summary>
    public const byte IncompleteHeaderChain = 3;
}
