using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Extensions.Logging;
using Telepresence.Engine.Netlink;

namespace Telepresence.Engine.Vif;

/// <summary>Sets up one interface by netlink: MTU, addresses, reverse path filter, up.</summary>
[SupportedOSPlatform("linux")]
internal sealed partial class LinkSettings : IDisposable
{
    private const ushort Acknowledged = Rtnetlink.NLM_F_REQUEST | Rtnetlink.NLM_F_ACK;

    // Loose: the way back to a captured name server does not lead through the VIF (DESIGN §6).
    private const uint LooseReversePathFilter = 2;

    // Packets that wait for the loop: the kernel's 500 are 5 ms of datagrams at 100,000 a second, less than a pause.
    private const uint TransmitQueueLength = 2000;

    private readonly NetlinkSocket _socket = new();
    private readonly string _name;

    /// <exception cref="NetlinkException">There is no interface of that name.</exception>
    public LinkSettings(string name)
    {
        _name = name;
        var index = 0;
        var request = new NetlinkRequest(Rtnetlink.RTM_GETLINK, Acknowledged, LinkBody(0, 0, 0)).Put(
            Rtnetlink.IFLA_IFNAME,
            name
        );
        _socket.Ask(
            request,
            $"find the interface {name}",
            answer => index = MemoryMarshal.Read<int>(answer.Body(LinkBodyLength)[4..])
        );
        Index = index;
    }

    public int Index { get; }

    private static int LinkBodyLength => 16;

    public void SetUp(int mtu, IReadOnlyList<IPAddress> addresses, ILogger logger)
    {
        var link = new NetlinkRequest(Rtnetlink.RTM_SETLINK, Acknowledged, LinkBody(Index, 0, 0));
        _socket.Execute(link.Put(Rtnetlink.IFLA_MTU, (uint)mtu), $"set the MTU of {_name}");
        var queue = new NetlinkRequest(Rtnetlink.RTM_SETLINK, Acknowledged, LinkBody(Index, 0, 0));
        Try(queue.Put(Rtnetlink.IFLA_TXQLEN, TransmitQueueLength), "lengthen the transmit queue", logger);
        // No link-local address, so no router solicitation either: nothing on this link would answer.
        Try(
            NestedFor(
                Rtnetlink.AF_INET6,
                f => f.Put(Rtnetlink.IFLA_INET6_ADDR_GEN_MODE, Rtnetlink.IN6_ADDR_GEN_MODE_NONE)
            ),
            "keep the kernel from making IPv6 addresses",
            logger
        );
        var filter = NestedFor(
            Rtnetlink.AF_INET,
            f => f.Nest(Rtnetlink.IFLA_INET_CONF, c => c.Put(Rtnetlink.IPV4_DEVCONF_RP_FILTER, LooseReversePathFilter))
        );
        if (!Try(filter, "set rp_filter", logger))
        {
            SetReversePathFilterByFile(logger);
        }
        var up = new NetlinkRequest(
            Rtnetlink.RTM_SETLINK,
            Acknowledged,
            LinkBody(Index, Rtnetlink.IFF_UP, Rtnetlink.IFF_UP)
        );
        _socket.Execute(up, $"bring {_name} up");
        foreach (var address in addresses)
        {
            AddAddress(address, logger);
        }
    }

    public void Dispose() => _socket.Dispose();

    private void AddAddress(IPAddress address, ILogger logger)
    {
        var v4 = address.AddressFamily == AddressFamily.InterNetwork;
        ReadOnlySpan<byte> body =
        [
            v4 ? Rtnetlink.AF_INET : Rtnetlink.AF_INET6,
            (byte)(v4 ? 32 : 128),
            0,
            Rtnetlink.RT_SCOPE_UNIVERSE,
            .. BitConverter.GetBytes(Index),
        ];
        var request = new NetlinkRequest(
            Rtnetlink.RTM_NEWADDR,
            Acknowledged | Rtnetlink.NLM_F_CREATE | Rtnetlink.NLM_F_EXCL,
            body
        )
            .Put(Rtnetlink.IFA_LOCAL, address)
            .Put(Rtnetlink.IFA_ADDRESS, address)
            .Put(Rtnetlink.IFA_FLAGS, Rtnetlink.IFA_F_NODAD | Rtnetlink.IFA_F_NOPREFIXROUTE);
        if (v4)
        {
            _socket.Execute(request, $"add {address} to {_name}");
        }
        else
        {
            // A machine without IPv6 has nothing to route there.
            Try(request, $"add {address}", logger);
        }
    }

    private NetlinkRequest NestedFor(byte family, Action<NetlinkRequest> fill) =>
        new NetlinkRequest(Rtnetlink.RTM_SETLINK, Acknowledged, LinkBody(Index, 0, 0)).Nest(
            Rtnetlink.IFLA_AF_SPEC,
            spec => spec.Nest(family, fill)
        );

    private bool Try(NetlinkRequest request, string operation, ILogger logger)
    {
        try
        {
            _socket.Execute(request, $"{operation} on {_name}");
            return true;
        }
        catch (NetlinkException e)
        {
            Log.NotDone(logger, e.Message);
            return false;
        }
    }

    private void SetReversePathFilterByFile(ILogger logger)
    {
        try
        {
            File.WriteAllText($"/proc/sys/net/ipv4/conf/{_name}/rp_filter", "2");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.NotDone(logger, $"rp_filter of {_name} stays as it is, captured DNS may get no answer: {e.Message}");
        }
    }

    // struct ifinfomsg
    private static byte[] LinkBody(int index, uint flags, uint change)
    {
        var body = new byte[LinkBodyLength];
        MemoryMarshal.Write(body.AsSpan(4), index);
        MemoryMarshal.Write(body.AsSpan(8), flags);
        MemoryMarshal.Write(body.AsSpan(12), change);
        return body;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Not done: {Reason}")]
        public static partial void NotDone(ILogger logger, string reason);
    }
}
