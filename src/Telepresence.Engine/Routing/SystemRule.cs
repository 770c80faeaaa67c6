using System.Net;
using System.Net.Sockets;

namespace Telepresence.Engine.Routing;

/// <summary>What a policy rule does with what it matches.</summary>
internal enum RuleAction : byte
{
    Lookup = 1,
    Goto = 2,
    Nop = 3,
}

/// <summary>A policy rule of the kernel, as far as this engine makes and compares rules.</summary>
/// <param name="Table">For <see cref="RuleAction.Lookup"/>.</param>
/// <param name="Target">For <see cref="RuleAction.Goto"/>: a preference.</param>
/// <param name="To">Null: every destination.</param>
/// <param name="IPProtocol">0: every one.</param>
/// <param name="InterfaceIn">Empty: every one; <c>lo</c> means what this machine itself sends.</param>
/// <param name="Protocol">FRA_PROTOCOL: who made it.</param>
/// <param name="IsInverted"><c>not</c>: matches what the selector does not.</param>
internal sealed record SystemRule(
    AddressFamily Family,
    uint Preference,
    RuleAction Action,
    uint Table,
    uint Target,
    uint Mark,
    uint Mask,
    IPNetwork? To,
    byte IPProtocol,
    ushort DestinationPort,
    string InterfaceIn,
    byte Protocol,
    bool IsInverted = false
)
{
    /// <summary>As <c>ip rule</c> shows it.</summary>
    public override string ToString()
    {
        var selector = string.Concat(
            IsInverted ? "not " : "",
            InterfaceIn.Length > 0 ? $"iif {InterfaceIn} " : "",
            To is { } to ? $"to {to} " : "",
            Mask != 0 ? $"fwmark 0x{Mark:x}/0x{Mask:x} " : "",
            IPProtocol switch
            {
                0 => "",
                6 => "ipproto tcp ",
                17 => "ipproto udp ",
                _ => $"ipproto {IPProtocol} ",
            },
            DestinationPort != 0 ? $"dport {DestinationPort} " : ""
        );
        var action = Action switch
        {
            RuleAction.Lookup => $"lookup {Table}",
            RuleAction.Goto => $"goto {Target}",
            _ => "nop",
        };
        return $"{Preference}: {selector}{action}";
    }
}
