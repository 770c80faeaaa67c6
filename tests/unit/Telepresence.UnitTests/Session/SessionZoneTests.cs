using System.Net;
using NSubstitute;
using Telepresence.Engine.Dns;
using Telepresence.Engine.Manager;
using Telepresence.Engine.Routing;
using Telepresence.Engine.Session;
using Telepresence.Engine.Session.Configuration;
using Telepresence.Engine.Session.Planning;

namespace Telepresence.UnitTests.Session;

public class SessionZoneTests
{
    private static DnsZoneOptions Options(
        string[] mapped,
        string[] inCluster,
        ClientConfiguration? configuration = null,
        ManagerClusterInfo? info = null
    )
    {
        var plumbing = Substitute.For<IDnsPlumbing>();
        plumbing.HostSearchDomains.Returns(["corp.example"]);
        plumbing.CapturedNameServers.Returns([IPAddress.Parse("192.0.2.53")]);
        var plan = SubnetPlanner.Plan(
            new SubnetPlanInput
            {
                PodSubnets = [IPNetwork.Parse("10.244.0.0/16")],
                Routing = new RoutingSnapshot([], []),
            }
        );
        return new SessionZone("s", "demo", mapped, inCluster, configuration ?? ClientConfiguration.Empty).Options(
            info ?? new ManagerClusterInfo { ClusterDomain = "cluster.local." },
            plan,
            plumbing
        );
    }

    [Fact]
    public void Without_a_choice_all_of_the_clusters_namespaces_are_mapped() =>
        Assert.Equal(["default", "demo", "other"], Options([], ["default", "demo", "other"]).MappedNamespaces);

    [Fact]
    public void The_users_choice_wins_and_the_connected_namespace_is_always_there() =>
        Assert.Equal(
            ["other", "demo"],
            Options(
                ["other"],
                ["default", "demo"],
                new ClientConfiguration { MappedNamespaces = ["third"] }
            ).MappedNamespaces
        );

    [Theory]
    [InlineData("two", "two")]
    [InlineData("Kind-kind_default", "kind-kind-default")]
    [InlineData("arn:aws:eks:eu-west-1:1:cluster/x-default", "arn-aws-eks-eu-west-1-1-cluster-x-default")]
    [InlineData("office.example", "office.example")]
    [InlineData("---", null)]
    [InlineData("a..b", null)]
    [InlineData("x123456789012345678901234567890123456789012345678901234567890123", null)]
    public void A_session_has_a_domain_where_its_name_can_be_one(string session, string? domain) =>
        Assert.Equal(domain, SessionZone.SessionDomain(session));

    [Fact]
    public void When_namespaces_cannot_be_listed_the_connected_one_is_mapped() =>
        Assert.Equal(["demo"], Options([], []).MappedNamespaces);

    [Fact]
    public void The_clusters_suffixes_replace_the_defaults_and_the_users_replace_both()
    {
        var info = new ManagerClusterInfo { ClusterDomain = "c.", ExcludeSuffixes = [".dev"] };
        Assert.Equal(DnsZoneOptions.DefaultExcludeSuffixes, Options([], []).ExcludeSuffixes);
        Assert.Equal([".dev"], Options([], [], info: info).ExcludeSuffixes);
        var configured = new ClientConfiguration { DnsExcludeSuffixes = [".test"] };
        Assert.Equal([".test"], Options([], [], configured, info).ExcludeSuffixes);
    }

    [Fact]
    public void The_server_answers_at_its_virtual_address_and_at_what_it_captures()
    {
        var options = Options([], []);
        Assert.Equal(["246.0.0.2", "192.0.2.53"], options.ServerAddresses.Select(a => a.ToString()));
        Assert.Equal([IPNetwork.Parse("10.244.0.0/16")], options.ReverseSubnets);
        Assert.Equal(["corp.example"], options.HostSearchDomains);
    }
}
