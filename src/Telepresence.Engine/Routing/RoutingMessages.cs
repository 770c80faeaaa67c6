using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Telepresence.Engine.Netlink;
using static Telepresence.Engine.Netlink.Rtnetlink;

namespace Telepresence.Engine.Routing;

/// <summary>
/// Rtnetlink messages to and from this room's records. Reading throws <see cref="NetlinkFormatException"/> and nothing
/// else, whatever the bytes are.
/// </summary>
internal static class RoutingMessages
{
    private const int RouteBodyLength = 12;
    private const int RuleBodyLength = 12;
    private const int LinkBodyLength = 16;
    private const int AddressBodyLength = 8;
    private const int NextHopLength = 8;
    private const ushort Acknowledged = NLM_F_REQUEST | NLM_F_ACK;

    /// <summary>A link as the kernel tells it, without addresses.</summary>
    public readonly record struct Link(int Index, string Name, string Kind, bool IsUp, int Mtu);

    public static NetlinkRequest Dump(ushort type) =>
        new(type, NLM_F_REQUEST | NLM_F_DUMP, new byte[type == RTM_GETLINK ? LinkBodyLength : RouteBodyLength]);

    public static NetlinkRequest Add(OwnRoute route) =>
        Fill(RTM_NEWROUTE, Acknowledged | NLM_F_CREATE | NLM_F_EXCL, route);

    public static NetlinkRequest Replace(OwnRoute route) =>
        Fill(RTM_NEWROUTE, Acknowledged | NLM_F_CREATE | NLM_F_REPLACE, route);

    public static NetlinkRequest Remove(OwnRoute route) => Fill(RTM_DELROUTE, Acknowledged, route);

    public static NetlinkRequest Add(SystemRule rule) =>
        Fill(RTM_NEWRULE, Acknowledged | NLM_F_CREATE | NLM_F_EXCL, rule);

    public static NetlinkRequest Remove(SystemRule rule) => Fill(RTM_DELRULE, Acknowledged, rule);

    /// <param name="flags">RTM_F_LOOKUP_TABLE, RTM_F_FIB_MATCH.</param>
    public static NetlinkRequest Get(RouteQuery query, uint mark, uint flags)
    {
        var v4 = query.Destination.AddressFamily == AddressFamily.InterNetwork;
        var body = new byte[RouteBodyLength];
        body[0] = v4 ? AF_INET : AF_INET6;
        body[1] = (byte)(v4 ? 32 : 128);
        MemoryMarshal.Write(body.AsSpan(8), flags);
        var request = new NetlinkRequest(RTM_GETROUTE, Acknowledged, body).Put(RTA_DST, query.Destination);
        if (query.Destination is { AddressFamily: AddressFamily.InterNetworkV6, ScopeId: not 0 } scoped)
        {
            request.Put(RTA_OIF, (uint)scoped.ScopeId);
        }
        if (mark != 0)
        {
            request.Put(RTA_MARK, mark);
        }
        if (query.Protocol is { } protocol)
        {
            request.Put(RTA_IP_PROTO, protocol);
            if (query.SourcePort != 0)
            {
                request.PutPort(RTA_SPORT, query.SourcePort);
            }
            if (query.DestinationPort != 0)
            {
                request.PutPort(RTA_DPORT, query.DestinationPort);
            }
        }
        return request;
    }

    /// <summary>One route for each next hop; none for families that are not IP.</summary>
    /// <param name="clones">Also routes of the kernel's cache, as look-ups give them.</param>
    public static void ReadRoute(
        NetlinkMessage message,
        Func<int, string> nameOf,
        List<SystemRoute> routes,
        bool clones = false
    )
    {
        var body = message.Body(RouteBodyLength);
        var family = body[0];
        var isClone = (MemoryMarshal.Read<uint>(body[8..]) & RTM_F_CLONED) != 0;
        if (family is not (AF_INET or AF_INET6) || (isClone && !clones))
        {
            return;
        }
        var destination = Any(family);
        IPAddress? gateway = null,
            source = null;
        uint metric = 0,
            table = body[4];
        var index = 0;
        var hops = default(NetlinkAttribute);
        var attributes = message.Attributes(RouteBodyLength);
        while (attributes.TryRead(out var attribute))
        {
            switch (attribute.Type)
            {
                case RTA_DST:
                    destination = attribute.Address;
                    break;
                case RTA_OIF:
                    index = (int)attribute.UInt32;
                    break;
                case RTA_GATEWAY:
                    gateway = attribute.Address;
                    break;
                case RTA_VIA:
                    gateway = Via(attribute);
                    break;
                case RTA_PRIORITY:
                    metric = attribute.UInt32;
                    break;
                case RTA_PREFSRC:
                    source = attribute.Address;
                    break;
                case RTA_TABLE:
                    table = attribute.UInt32;
                    break;
                case RTA_MULTIPATH:
                    hops = attribute;
                    break;
            }
        }
        var route = new SystemRoute(
            Network(destination, body[1]),
            gateway,
            index,
            index == 0 ? "" : nameOf(index),
            source,
            metric,
            table,
            body[5],
            Kind(body[7]),
            body[5] == RoutingBlock.Protocol
        );
        if (hops.Type == RTA_MULTIPATH)
        {
            ReadNextHops(hops.Value, route, nameOf, routes);
        }
        else
        {
            routes.Add(route);
        }
    }

    /// <summary>Null for a family that is not IP and for an action that this engine never uses.</summary>
    public static SystemRule? ReadRule(NetlinkMessage message)
    {
        var body = message.Body(RuleBodyLength);
        var action = (RuleAction)body[7];
        if (body[0] is not (AF_INET or AF_INET6) || action is < RuleAction.Lookup or > RuleAction.Nop)
        {
            return null;
        }
        IPNetwork? to = null;
        uint preference = 0,
            table = body[4],
            target = 0,
            mark = 0,
            mask = 0;
        byte protocol = 0,
            ipProtocol = 0;
        ushort port = 0;
        var interfaceIn = "";
        var attributes = message.Attributes(RuleBodyLength);
        while (attributes.TryRead(out var attribute))
        {
            switch (attribute.Type)
            {
                case FRA_DST:
                    to = Network(attribute.Address, body[1]);
                    break;
                case FRA_IIFNAME:
                    interfaceIn = attribute.Text;
                    break;
                case FRA_GOTO:
                    target = attribute.UInt32;
                    break;
                case FRA_PRIORITY:
                    preference = attribute.UInt32;
                    break;
                case FRA_FWMARK:
                    mark = attribute.UInt32;
                    break;
                case FRA_FWMASK:
                    mask = attribute.UInt32;
                    break;
                case FRA_TABLE:
                    table = attribute.UInt32;
                    break;
                case FRA_PROTOCOL:
                    protocol = attribute.Byte;
                    break;
                case FRA_IP_PROTO:
                    ipProtocol = attribute.Byte;
                    break;
                case FRA_DPORT_RANGE:
                    port = attribute.UInt16;
                    break;
            }
        }
        return new SystemRule(
            body[0] == AF_INET ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6,
            preference,
            action,
            action == RuleAction.Lookup ? table : 0,
            target,
            mark,
            mark == 0 ? 0 : mask,
            to,
            ipProtocol,
            port,
            interfaceIn,
            protocol,
            (MemoryMarshal.Read<uint>(body[8..]) & FIB_RULE_INVERT) != 0
        );
    }

    public static Link ReadLink(NetlinkMessage message)
    {
        var body = message.Body(LinkBodyLength);
        string name = "",
            kind = "";
        var mtu = 0;
        var attributes = message.Attributes(LinkBodyLength);
        while (attributes.TryRead(out var attribute))
        {
            switch (attribute.Type)
            {
                case IFLA_IFNAME:
                    name = attribute.Text;
                    break;
                case IFLA_MTU:
                    mtu = (int)attribute.UInt32;
                    break;
                case IFLA_LINKINFO:
                    kind = LinkKind(attribute.Nested);
                    break;
            }
        }
        var flags = MemoryMarshal.Read<uint>(body[8..]);
        return new Link(MemoryMarshal.Read<int>(body[4..]), name, kind, (flags & IFF_UP) != 0, mtu);
    }

    /// <summary>Interface index, subnet and the address in it; null for other families.</summary>
    public static (int Index, IPNetwork Network, IPAddress Host)? ReadAddress(NetlinkMessage message)
    {
        var body = message.Body(AddressBodyLength);
        IPAddress? local = null,
            address = null;
        var attributes = message.Attributes(AddressBodyLength);
        while (attributes.TryRead(out var attribute))
        {
            switch (attribute.Type)
            {
                case IFA_LOCAL:
                    local = attribute.Address;
                    break;
                case IFA_ADDRESS:
                    address = attribute.Address;
                    break;
            }
        }
        // On a point-to-point link IFA_ADDRESS is the other end and the prefix is its.
        return body[0] is not (AF_INET or AF_INET6) || (local ?? address) is not { } host
            ? null
            : (MemoryMarshal.Read<int>(body[4..]), Network(address ?? host, body[1]), host);
    }

    /// <summary>The interface that a notification about a route, link or address is about; 0: none.</summary>
    public static int InterfaceOf(NetlinkMessage message)
    {
        switch (message.Type)
        {
            case RTM_NEWLINK or RTM_DELLINK or RTM_NEWADDR or RTM_DELADDR:
                return MemoryMarshal.Read<int>(message.Body(AddressBodyLength)[4..]);
            case RTM_NEWROUTE or RTM_DELROUTE:
                var attributes = message.Attributes(RouteBodyLength);
                while (attributes.TryRead(out var attribute))
                {
                    if (attribute.Type == RTA_OIF)
                    {
                        return (int)attribute.UInt32;
                    }
                }
                return 0;
            default:
                return 0;
        }
    }

    private static NetlinkRequest Fill(ushort type, ushort flags, OwnRoute route)
    {
        var v4 = route.Destination.BaseAddress.AddressFamily == AddressFamily.InterNetwork;
        var request = new NetlinkRequest(
            type,
            flags,
            [
                v4 ? AF_INET : AF_INET6,
                (byte)route.Destination.PrefixLength,
                0,
                0,
                RT_TABLE_UNSPEC,
                RoutingBlock.Protocol,
                v4 ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
                RTN_UNICAST,
                0,
                0,
                0,
                0,
            ]
        )
            .Put(RTA_DST, route.Destination.BaseAddress)
            .Put(RTA_OIF, (uint)route.InterfaceIndex)
            .Put(RTA_PRIORITY, route.Metric)
            .Put(RTA_TABLE, route.Table);
        return route.Source is null ? request : request.Put(RTA_PREFSRC, route.Source);
    }

    private static NetlinkRequest Fill(ushort type, ushort flags, SystemRule rule)
    {
        var request = new NetlinkRequest(
            type,
            flags,
            [
                rule.Family == AddressFamily.InterNetwork ? AF_INET : AF_INET6,
                (byte)(rule.To?.PrefixLength ?? 0),
                0,
                0,
                RT_TABLE_UNSPEC,
                0,
                0,
                (byte)rule.Action,
                0,
                0,
                0,
                0,
            ]
        )
            .Put(FRA_PRIORITY, rule.Preference)
            .Put(FRA_PROTOCOL, rule.Protocol);
        if (rule.To is { } to)
        {
            request.Put(FRA_DST, to.BaseAddress);
        }
        if (rule.InterfaceIn.Length > 0)
        {
            request.Put(FRA_IIFNAME, rule.InterfaceIn);
        }
        if (rule.Mask != 0)
        {
            request.Put(FRA_FWMARK, rule.Mark).Put(FRA_FWMASK, rule.Mask);
        }
        if (rule.IPProtocol != 0)
        {
            request.Put(FRA_IP_PROTO, rule.IPProtocol);
        }
        if (rule.DestinationPort != 0)
        {
            // struct fib_rule_port_range: from and to, in the machine's byte order.
            Span<ushort> range = [rule.DestinationPort, rule.DestinationPort];
            request.Put(FRA_DPORT_RANGE, MemoryMarshal.AsBytes(range));
        }
        return rule.Action switch
        {
            RuleAction.Lookup => request.Put(FRA_TABLE, rule.Table),
            RuleAction.Goto => request.Put(FRA_GOTO, rule.Target),
            _ => request,
        };
    }

    private static void ReadNextHops(
        ReadOnlySpan<byte> hops,
        SystemRoute route,
        Func<int, string> nameOf,
        List<SystemRoute> routes
    )
    {
        while (hops.Length >= NextHopLength)
        {
            int length = MemoryMarshal.Read<ushort>(hops);
            if (length < NextHopLength || length > hops.Length)
            {
                throw new NetlinkFormatException($"next hop length {length} in {hops.Length} bytes");
            }
            var index = MemoryMarshal.Read<int>(hops[4..]);
            IPAddress? gateway = null;
            var attributes = new NetlinkAttributes(hops[NextHopLength..length]);
            while (attributes.TryRead(out var attribute))
            {
                gateway = attribute.Type switch
                {
                    RTA_GATEWAY => attribute.Address,
                    RTA_VIA => Via(attribute),
                    _ => gateway,
                };
            }
            routes.Add(
                route with
                {
                    Gateway = gateway,
                    InterfaceIndex = index,
                    InterfaceName = index == 0 ? "" : nameOf(index),
                }
            );
            hops = hops[Math.Min(hops.Length, (length + 3) & ~3)..];
        }
    }

    // struct rtvia: the family, then an address of it.
    private static IPAddress Via(NetlinkAttribute attribute) =>
        attribute.Value.Length is 6 or 18
            ? new IPAddress(attribute.Value[2..])
            : throw new NetlinkFormatException($"a next hop of {attribute.Value.Length} bytes");

    private static string LinkKind(NetlinkAttributes attributes)
    {
        while (attributes.TryRead(out var attribute))
        {
            if (attribute.Type == IFLA_INFO_KIND)
            {
                return attribute.Text;
            }
        }
        return "";
    }

    private static IPAddress Any(byte family) => family == AF_INET ? IPAddress.Any : IPAddress.IPv6Any;

    // Host bits are cleared: a point-to-point peer's prefix, or bytes that lie.
    private static IPNetwork Network(IPAddress address, int length)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var count);
        if (length > count * 8)
        {
            throw new NetlinkFormatException($"prefix length {length} of {address}");
        }
        for (var i = 0; i < count; i++)
        {
            var kept = Math.Clamp(length - (i * 8), 0, 8);
            bytes[i] &= (byte)(0xFF00 >> kept);
        }
        return new IPNetwork(new IPAddress(bytes[..count]), length);
    }

    private static RouteKind Kind(byte type) =>
        type switch
        {
            RTN_UNICAST => RouteKind.Unicast,
            RTN_LOCAL or RTN_ANYCAST => RouteKind.Local,
            RTN_BROADCAST => RouteKind.Broadcast,
            RTN_MULTICAST => RouteKind.Multicast,
            RTN_BLACKHOLE => RouteKind.Blackhole,
            RTN_UNREACHABLE => RouteKind.Unreachable,
            RTN_PROHIBIT => RouteKind.Prohibit,
            RTN_THROW => RouteKind.Throw,
            _ => RouteKind.Other,
        };
}
