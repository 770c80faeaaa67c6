using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Telepresence.E2ETests.Netns;
using Telepresence.Engine.Routing;
using Telepresence.Engine.Vif;

namespace Telepresence.E2ETests.Routing;

/// <summary>
/// A workstation on a LAN with a router: <c>lan0</c> 192.0.2.2/24 and 2001:db8:2::2/64, default routes to the router,
/// which is also the name server. The router's namespace leads nowhere.
/// </summary>
internal sealed class RoutingFixture : IDisposable
{
    public static readonly IPAddress Router4 = IPAddress.Parse("192.0.2.1");
    public static readonly IPAddress Router6 = IPAddress.Parse("2001:db8:2::1");
    private static readonly string[] Listings =
    [
        "-4 route show table all",
        "-6 route show table all",
        "-4 rule",
        "-6 rule",
    ];
    private readonly List<IDisposable> _owned = [];

    public RoutingFixture()
    {
        Requires.All("root", "tun", "ip");
        Workstation = NetworkNamespace.Create("ws");
        Router = NetworkNamespace.Create("router");
        NetworkNamespace.Connect(
            Workstation,
            "lan0",
            ["192.0.2.2/24", "2001:db8:2::2/64"],
            Router,
            "lan0",
            ["192.0.2.1/24", "2001:db8:2::1/64"]
        );
        Workstation.Ip("route add default via 192.0.2.1");
        Workstation.Ip("-6 route add default via 2001:db8:2::1");
    }

    public NetworkNamespace Workstation { get; }

    public NetworkNamespace Router { get; }

    public IRouting CreateRouting() => Own(Workstation.Run(() => RoutingFactory.Create(NullLoggerFactory.Instance)));

    public IPacketDevice CreateDevice(string address = "246.0.0.1", string address6 = "fd00:246::1")
    {
        var device = Own(
            Workstation.Run(() =>
                new VifFactory(NullLoggerFactory.Instance).Create(
                    new VifOptions { Addresses = [IPAddress.Parse(address), IPAddress.Parse(address6)] }
                )
            )
        );
        // The kernel makes an IPv6 address ready in a work queue of its own; its route comes last.
        var isReady = SpinWait.SpinUntil(
            () => Workstation.Ip("-6 route show table local").Contains($"local {address6} ", StringComparison.Ordinal),
            TimeSpan.FromMinutes(2)
        );
        Assert.True(isReady, $"{address6} has no route of its own.");
        return device;
    }

    /// <summary>The interface that ip(8) says the kernel would use; empty when there is no route.</summary>
    public string DeviceFor(string destination, string more = "")
    {
        var result = Workstation.Program(
            "ip",
            ["-j", "route", "get", destination, .. more.Split(' ', StringSplitOptions.RemoveEmptyEntries)]
        );
        return result.ExitCode != 0
            ? ""
            : JsonDocument.Parse(result.Output).RootElement[0].GetProperty("dev").GetString()!;
    }

    /// <summary>Routes and rules as ip(8) tells them, all tables and families, sorted.</summary>
    public IReadOnlyList<string> State() =>
        [
            .. Listings
                .SelectMany(arguments => Workstation.Ip(arguments).Split('\n'))
                .Select(line => line.Trim())
                .Where(line => line.Length > 0)
                .Order(StringComparer.Ordinal),
        ];

    public void Dispose()
    {
        _owned.Reverse();
        _owned.ForEach(o => o.Dispose());
        Workstation.Dispose();
        Router.Dispose();
    }

    private T Own<T>(T value)
        where T : IDisposable
    {
        _owned.Add(value);
        return value;
    }
}
