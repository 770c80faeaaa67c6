using System.Net;
using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Engine.Manager;
using Telepresence.Engine.Routing;
using Telepresence.Engine.Session;
using Telepresence.Engine.Session.Configuration;
using Telepresence.Engine.Session.Planning;

namespace Telepresence.UnitTests.Session.Planning;

/// <summary>What no parameter and no list of the configuration can mean is refused, each in its own words.</summary>
public sealed class BadSubnetTests
{
    private static readonly string[] Everywhere =
    [
        "AlsoProxy",
        "NeverProxy",
        "AllowConflictingSubnet",
        "Vnat",
        "VirtualSubnet",
    ];

    private static readonly (string Text, string Id, string Words, string[] AllowedIn)[] Bad =
    [
        ("10.0.0.0/33", "InvalidCidr", "0 to 32", []),
        ("10.1.2.3/8", "InvalidCidr", "did you mean 10.0.0.0/8?", []),
        ("fd00::1/64", "InvalidCidr", "did you mean fd00::/64?", []),
        ("::ffff:10.0.0.0/104", "InvalidCidr", "without ::ffff:", []),
        ("10.0/8", "InvalidCidr", "not an IP address", []),
        ("0.0.0.0/0", "WholeAddressSpace", "every address", ["AllowConflictingSubnet"]),
        ("::/0", "WholeAddressSpace", "every address", ["AllowConflictingSubnet"]),
        ("127.0.0.0/8", "LoopbackSubnet", "loopback", ["Vnat"]),
        ("127.1.2.3", "LoopbackSubnet", "loopback", ["Vnat"]),
        ("::1/128", "LoopbackSubnet", "loopback", ["Vnat"]),
        ("224.0.0.0/4", "MulticastSubnet", "multicast", []),
        ("239.1.0.0/16", "MulticastSubnet", "multicast", []),
        ("ff02::/16", "MulticastSubnet", "multicast", []),
        ("fe80::/10", "LinkLocalSubnet", "link-local", []),
        ("fe80::1", "LinkLocalSubnet", "link-local", []),
    ];

    public static TheoryData<string, string, string, string> Refused
    {
        get
        {
            var data = new TheoryData<string, string, string, string>();
            foreach (var bad in Bad)
            {
                foreach (var parameter in Everywhere.Except(bad.AllowedIn))
                    data.Add(bad.Text, parameter, bad.Id, bad.Words);
            }
            return data;
        }
    }

    public static TheoryData<string, string> Accepted
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var bad in Bad)
            {
                foreach (var parameter in bad.AllowedIn)
                    data.Add(bad.Text, parameter);
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public void A_parameter_that_cannot_be_meant_is_refused(string text, string parameter, string id, string words)
    {
        var error = Assert.Throws<TelepresenceException>(() => Plan(Parameter(parameter, text)));
        Assert.Equal(id, error.Id);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
        Assert.Contains(parameter, error.Message + error.RecommendedAction, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Accepted))]
    public void What_means_something_is_taken(string text, string parameter) =>
        Assert.Null(Record.Exception(() => Plan(Parameter(parameter, text))));

    [Theory]
    [InlineData("127.0.0.0/8", "LoopbackSubnet")]
    [InlineData("ff02::/16", "MulticastSubnet")]
    [InlineData("fe80::/10", "LinkLocalSubnet")]
    [InlineData("0.0.0.0/0", "WholeAddressSpace")]
    public void So_is_a_list_of_the_configuration(string text, string id)
    {
        IPNetwork[] bad = [IPNetwork.Parse(text)];
        ClientConfiguration[] configurations =
        [
            new() { AlsoProxy = bad },
            new() { NeverProxy = bad },
            new() { VirtualSubnet = bad[0] },
        ];
        Assert.All(
            configurations,
            c => Assert.Equal(id, Assert.Throws<TelepresenceException>(() => Plan(new SubnetSelection(), c)).Id)
        );
    }

    [Theory]
    [InlineData("10.0.0.0/8", "10.0.0.0/8")]
    [InlineData("10.1.2.3", "10.1.2.3/32")]
    [InlineData("fd00::/16", "FD00::/16")]
    public void What_is_named_twice_is_refused(string one, string again)
    {
        foreach (var parameter in Everywhere.Except(["VirtualSubnet"]))
        {
            var error = Assert.Throws<TelepresenceException>(() => Plan(Parameter(parameter, one, again)));
            Assert.Equal("DuplicateSubnet", error.Id);
            Assert.Contains(
                $"'{again}' is named more than once in -{parameter}",
                error.Message,
                StringComparison.Ordinal
            );
        }
    }

    [Theory]
    [InlineData("pods,pods", "DuplicateSubnet")]
    [InlineData("pods,Pods", "DuplicateSubnet")]
    [InlineData("10.0.0.0/8,10.42.0.0/16", "OverlappingTranslation")]
    [InlineData("10.42.0.0/16,10.0.0.0/8", "OverlappingTranslation")]
    public void Translations_that_overlap_are_refused(string vnat, string id) =>
        Assert.Equal(id, Assert.Throws<TelepresenceException>(() => Plan(Parameter("Vnat", vnat.Split(',')))).Id);

    [Fact]
    public void Symbols_and_subnets_may_be_mixed() =>
        Assert.Null(Record.Exception(() => Plan(Parameter("Vnat", "pods", "service", "172.30.0.0/16"))));

    [Theory]
    [InlineData("198.18.0.0/30", "all", "VirtualSubnetTooSmall")]
    [InlineData("198.18.0.1", "all", "VirtualSubnetTooSmall")]
    [InlineData("fd00:7::/126", "all", "VirtualSubnetTooSmall")]
    [InlineData("10.42.0.0/16", "pods", "VirtualSubnetOverlaps")]
    [InlineData("10.43.9.0/24", "pods", "VirtualSubnetOverlaps")]
    [InlineData("fd00:7::/64", "pods", "VirtualSubnetFamilyMismatch")]
    public void A_virtual_subnet_that_cannot_serve_is_refused(string subnet, string vnat, string id)
    {
        var error = Assert.Throws<TelepresenceException>(() =>
            Plan(new SubnetSelection { Vnat = [vnat], VirtualSubnet = subnet })
        );
        Assert.Equal(id, error.Id);
        Assert.Contains("-VirtualSubnet", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_IPv6_virtual_subnet_serves_as_long_as_nothing_is_translated() =>
        Assert.Equal(
            IPNetwork.Parse("fd00:7::/64"),
            Plan(new SubnetSelection { VirtualSubnet = "fd00:7::/64" }).VirtualIPv6!.Network
        );

    private static SubnetSelection Parameter(string name, params string[] values) =>
        name switch
        {
            "AlsoProxy" => new SubnetSelection { AlsoProxy = values },
            "NeverProxy" => new SubnetSelection { NeverProxy = values },
            "AllowConflictingSubnet" => new SubnetSelection { AllowConflictingSubnet = values },
            "Vnat" => new SubnetSelection { Vnat = values },
            _ => new SubnetSelection { VirtualSubnet = values[0] },
        };

    private static SubnetPlan Plan(SubnetSelection subnets, ClientConfiguration? configuration = null) =>
        SubnetPlanner.Plan(
            PlanInputs.Join(
                SessionSettings.Parse(new ConnectParameters { Subnets = subnets }),
                configuration ?? ClientConfiguration.Empty,
                new ManagerClusterInfo
                {
                    ClusterDomain = "",
                    ServiceSubnets = [IPNetwork.Parse("10.43.0.0/16")],
                    PodSubnets = [IPNetwork.Parse("10.42.0.0/16")],
                },
                [IPAddress.Parse("192.0.2.1"), IPAddress.Parse("fe80::1")],
                new RoutingSnapshot([], [])
            )
        );
}
