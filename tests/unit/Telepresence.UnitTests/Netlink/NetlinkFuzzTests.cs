using System.Net;
using FsCheck;
using FsCheck.Fluent;
using Telepresence.Engine.Netlink;
using Telepresence.Engine.Routing;

namespace Telepresence.UnitTests.Netlink;

public sealed class NetlinkFuzzTests
{
    private static readonly ushort[] Types =
    [
        Rtnetlink.RTM_NEWLINK,
        Rtnetlink.RTM_NEWADDR,
        Rtnetlink.RTM_NEWROUTE,
        Rtnetlink.RTM_NEWRULE,
        Rtnetlink.NLMSG_ERROR,
    ];

    [Fact]
    public void Malformed_messages_never_throw_anything_but_the_typed_error()
    {
        var random = new Random(20261122);
        var refused = 0;
        for (var i = 0; i < 100_000; i++)
        {
            var bytes = random.Next(4) switch
            {
                0 => Noise(random),
                1 => Damaged(random, RouteMessage(random)),
                2 => Damaged(random, RuleMessage(random)),
                _ => Damaged(random, NoisyAttributes(random)),
            };
            try
            {
                Read(bytes, i % 6);
            }
            catch (NetlinkFormatException)
            {
                refused++;
            }
        }
        // Both happen often, or the cases would prove little.
        Assert.InRange(refused, 10_000, 90_000);
    }

    [Fact]
    public void Attributes_come_back_as_they_were_put() =>
        Prop.ForAll(
                ArbMap.Default.ArbFor<(ushort Type, byte[] Value)[]>(),
                attributes =>
                {
                    var request = new NetlinkRequest(1, 2, [1, 2, 3, 4]);
                    foreach (var (type, value) in attributes)
                    {
                        request.Put((ushort)(type & 0x3FFF), value);
                    }
                    var reader = new NetlinkReader(request.Finish(7, 9));
                    var read = reader.TryRead(out var message);
                    var rest = message.Attributes(4);
                    foreach (var (type, value) in attributes)
                    {
                        read &=
                            rest.TryRead(out var attribute)
                            && attribute.Type == (type & 0x3FFF)
                            && attribute.Value.SequenceEqual(value);
                    }
                    return read
                        && !rest.TryRead(out _)
                        && !reader.TryRead(out _)
                        && message is { Type: 1, Flags: 2, Sequence: 7, PortId: 9 };
                }
            )
            .QuickCheckThrowOnFailure();

    [Fact]
    public void Own_routes_and_rules_come_back_as_they_were_written()
    {
        var random = new Random(7);
        for (var i = 0; i < 2000; i++)
        {
            var route = AnyRoute(random);
            var routes = new List<SystemRoute>();
            RoutingMessages.ReadRoute(Single(RoutingMessages.Add(route).Finish(1)), _ => "tel0", routes);
            var read = Assert.Single(routes);
            Assert.Equal(
                route,
                new OwnRoute(read.Destination, read.Table, read.InterfaceIndex, read.Metric, read.PreferredSource)
            );
            Assert.True(read.IsOurs);

            var rule = AnyRule(random);
            Assert.Equal(rule, RoutingMessages.ReadRule(Single(RoutingMessages.Add(rule).Finish(1))));
        }
    }

    private static NetlinkMessage Single(ReadOnlySpan<byte> bytes)
    {
        var reader = new NetlinkReader(bytes);
        Assert.True(reader.TryRead(out var message));
        return message;
    }

    private static void Read(byte[] bytes, int reading)
    {
        var reader = new NetlinkReader(bytes);
        while (reader.TryRead(out var message))
        {
            switch (reading)
            {
                case 0:
                    RoutingMessages.ReadRoute(message, _ => "x", []);
                    break;
                case 1:
                    RoutingMessages.ReadRule(message);
                    break;
                case 2:
                    RoutingMessages.ReadLink(message);
                    break;
                case 3:
                    RoutingMessages.ReadAddress(message);
                    break;
                case 4:
                    RoutingMessages.InterfaceOf(message);
                    break;
                default:
                    _ = message.Error;
                    break;
            }
        }
    }

    private static byte[] Noise(Random random)
    {
        var bytes = new byte[random.Next(200)];
        random.NextBytes(bytes);
        return bytes;
    }

    private static byte[] NoisyAttributes(Random random)
    {
        var body = new byte[random.Next(5) * 4];
        random.NextBytes(body);
        if (body.Length > 0)
        {
            body[0] = random.Next(2) == 0 ? Rtnetlink.AF_INET : Rtnetlink.AF_INET6;
        }
        var request = new NetlinkRequest(Types[random.Next(Types.Length)], 0, body);
        for (var n = random.Next(6); n > 0; n--)
        {
            var value = new byte[random.Next(4) == 0 ? random.Next(40) : 4 << random.Next(3)];
            random.NextBytes(value);
            request.Put((ushort)random.Next(32), value);
        }
        return request.Finish(1).ToArray();
    }

    private static byte[] RouteMessage(Random random) => RoutingMessages.Add(AnyRoute(random)).Finish(1).ToArray();

    private static byte[] RuleMessage(Random random) => RoutingMessages.Add(AnyRule(random)).Finish(1).ToArray();

    private static byte[] Damaged(Random random, byte[] bytes)
    {
        for (var n = random.Next(4); n > 0 && bytes.Length > 0; n--)
        {
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        }
        return random.Next(3) == 0 ? bytes[..random.Next(bytes.Length + 1)] : bytes;
    }

    private static OwnRoute AnyRoute(Random random)
    {
        var network = AnyNetwork(random);
        var source = random.Next(2) == 0 ? null : network.BaseAddress;
        return new OwnRoute(network, (uint)random.Next(1, 100_000), random.Next(1, 100), (uint)random.Next(), source);
    }

    private static SystemRule AnyRule(Random random)
    {
        var network = AnyNetwork(random);
        var action = (RuleAction)random.Next(1, 4);
        var mark = random.Next(2) == 0 ? 0 : (uint)random.Next(1, int.MaxValue);
        return new SystemRule(
            network.BaseAddress.AddressFamily,
            (uint)random.Next(1, 32_766),
            action,
            action == RuleAction.Lookup ? (uint)random.Next(1, 100_000) : 0,
            action == RuleAction.Goto ? (uint)random.Next(1, 32_766) : 0,
            mark,
            mark,
            random.Next(2) == 0 ? null : network,
            (byte)random.Next(256),
            (ushort)random.Next(65_536),
            random.Next(2) == 0 ? "" : "lo",
            RoutingBlock.Protocol
        );
    }

    private static IPNetwork AnyNetwork(Random random)
    {
        var bytes = new byte[random.Next(2) == 0 ? 4 : 16];
        random.NextBytes(bytes);
        var length = random.Next((bytes.Length * 8) + 1);
        for (var bit = length; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        }
        return new IPNetwork(new IPAddress(bytes), length);
    }
}
