using System.Net;
using Telepresence.Client.Contract;
using Telepresence.Client.Objects;
using Telepresence.Engine.Routing;
using Telepresence.Engine.Session;
using Telepresence.Engine.Session.Planning;
using Telepresence.Engine.Session.Views;

namespace Telepresence.UnitTests.Session.Views;

public sealed class ConnectCommandTests
{
    private const string Pods = "10.42.0.0/16";

    [Theory]
    [InlineData("demo", "demo")]
    [InlineData("arn:aws:eks:eu-1:1:cluster/a", "arn:aws:eks:eu-1:1:cluster/a")]
    [InlineData("10.42.0.0/16", "10.42.0.0/16")]
    [InlineData("fd00::/8", "fd00::/8")]
    [InlineData("2001:db8::/32", "2001:db8::/32")]
    [InlineData("10.42.0.0/16=web", "10.42.0.0/16=web")]
    [InlineData("", "''")]
    [InlineData("1e3", "'1e3'")]
    [InlineData("my context", "'my context'")]
    [InlineData("it's", "'it''s'")]
    [InlineData("a\u2019b", "'a\u2019\u2019b'")]
    [InlineData("$(evil)", "'$(evil)'")]
    [InlineData("a;b", "'a;b'")]
    [InlineData("-x", "'-x'")]
    [InlineData("@x", "'@x'")]
    [InlineData("a\n", "'a\n'")]
    public void Values_are_quoted_where_PowerShell_would_read_something_else(string value, string expected) =>
        Assert.Equal(expected, PowerShellText.Quote(value));

    [Fact]
    public void What_is_recommended_translates_all_that_would_be_refused_and_nothing_else()
    {
        var settings = SessionSettings.Parse(
            new ConnectParameters
            {
                Namespace = "demo",
                Subnets = new SubnetSelection { Vnat = ["also"], AutoResolveConflicts = false },
            }
        );
        var plan = SubnetPlanner.Plan(
            new SubnetPlanInput
            {
                ServiceSubnets = [IPNetwork.Parse("10.43.0.0/16")],
                PodSubnets = [IPNetwork.Parse(Pods), IPNetwork.Parse("172.20.0.0/16")],
                AutoResolve = false,
                Routing = new RoutingSnapshot(
                    [new(IPNetwork.Parse("10.0.0.0/8"), null, 7, "tun0", null, 0, 254, 3, RouteKind.Unicast, false)],
                    [new(7, "tun0", "tun", true, 1500, [], [])]
                ),
            }
        );

        Assert.Equal(
            "Connect-Telepresence -Namespace demo -Vnat also,10.43.0.0/16,10.42.0.0/16 -NoAutoResolve",
            ConnectCommand.Recommended(plan, settings)
        );
        Assert.Equal(
            "Connect-Telepresence -Namespace demo -Vnat also -NoAutoResolve",
            ConnectCommand.Recommended(plan with { Subnets = [] }, settings)
        );
    }

    [Fact]
    public void Every_other_parameter_is_repeated_and_a_token_is_not()
    {
        var settings = SessionSettings.Parse(
            new ConnectParameters
            {
                Cluster = new ClusterSelection
                {
                    Context = "my context",
                    Kubeconfig = "/home/u/k's",
                    Token = "secret",
                    AsGroup = ["a", "b c"],
                },
                Namespace = "demo",
                Subnets = new SubnetSelection
                {
                    AlsoProxy = ["172.20.0.0/16", "fd00::/16"],
                    AutoResolveConflicts = false,
                },
                TimeoutSeconds = 2.5,
            }
        );
        Assert.Equal(
            "Connect-Telepresence -Context 'my context' -Kubeconfig '/home/u/k''s' -Token (Read-Host Token -MaskInput)"
                + " -AsGroup a,'b c' -Namespace demo -AlsoProxy 172.20.0.0/16,fd00::/16 -NoAutoResolve -TimeoutSeconds 2.5",
            ConnectCommand.Text(settings)
        );
    }

    [Theory]
    [InlineData("", "-Vnat 10.42.0.0/16|-AllowConflictingSubnet 10.42.0.0/16|-NeverProxy 10.42.0.0/16")]
    [InlineData(
        "service",
        "-Vnat service,10.42.0.0/16|-Vnat service -AllowConflictingSubnet 10.42.0.0/16|-Vnat service -NeverProxy 10.42.0.0/16"
    )]
    [InlineData("10.42.0.0/16", "-AllowConflictingSubnet 10.42.0.0/16|-NeverProxy 10.42.0.0/16")]
    [InlineData("pods", "")]
    [InlineData("10.0.0.0/8", "")]
    public void What_other_parameters_contradict_is_no_alternative(string vnat, string expected)
    {
        var settings = SessionSettings.Parse(
            new ConnectParameters { Subnets = new SubnetSelection { Vnat = vnat.Length == 0 ? [] : [vnat] } }
        );
        Assert.Equal(
            expected.Split('|', StringSplitOptions.RemoveEmptyEntries).Select(e => $"Connect-Telepresence {e}"),
            ConnectCommand.Alternatives(Conflicting(SubnetKind.Pod), settings)
        );
    }

    [Fact]
    public void An_also_proxied_subnet_is_left_out_instead_of_never_proxied() =>
        Assert.Equal(
            "Connect-Telepresence",
            ConnectCommand
                .Alternatives(
                    Conflicting(SubnetKind.Also),
                    SessionSettings.Parse(
                        new ConnectParameters { Subnets = new SubnetSelection { AlsoProxy = [Pods] } }
                    )
                )
                .Last()
        );

    private static PlannedSubnet Conflicting(SubnetKind kind) =>
        new(
            IPNetwork.Parse(Pods),
            kind,
            RouteDisposition.Translated,
            ConflictResolution.Translate,
            new RouteConflict(
                IPNetwork.Parse(Pods),
                new SystemRoute(
                    IPNetwork.Parse("10.0.0.0/8"),
                    null,
                    3,
                    "tun0",
                    null,
                    0,
                    254,
                    4,
                    RouteKind.Unicast,
                    false
                ),
                null,
                ""
            )
        );
}
