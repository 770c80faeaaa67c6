using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Engine.Session;

namespace Telepresence.UnitTests.Session;

public class SessionSettingsTests
{
    private static ConnectParameters Vnat(params string[] vnat) =>
        new() { Subnets = new SubnetSelection { Vnat = vnat } };

    private static ConnectParameters Via(params string[] via) =>
        new() { Subnets = new SubnetSelection { ProxyVia = via } };

    [Fact]
    public void Equal_parameters_mean_the_same_session_in_whatever_order() =>
        Assert.Empty(
            SessionSettings.Differences(
                SessionSettings.Parse(Vnat("pods", "10.0.0.0/8")),
                SessionSettings.Parse(Vnat("10.0.0.0/8", "pods"))
            )
        );

    [Fact]
    public void What_differs_is_named_as_its_parameter() =>
        Assert.Equal(
            ["Namespace", "Vnat"],
            SessionSettings.Differences(
                SessionSettings.Parse(Vnat("all") with { Namespace = "a" }),
                SessionSettings.Parse(Vnat("pods") with { Namespace = "b" })
            )
        );

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    [InlineData(1e9)]
    public void A_time_out_that_cannot_be_is_refused(double seconds) =>
        Assert.Equal(
            "InvalidParameter",
            Assert
                .Throws<TelepresenceException>(() =>
                    SessionSettings.Parse(new ConnectParameters { TimeoutSeconds = seconds })
                )
                .Id
        );

    [Theory]
    [InlineData("10.0.0.0/33", "InvalidCidr")]
    [InlineData("everything", "UnknownSymbol")]
    public void A_bad_translation_is_refused(string vnat, string id) =>
        Assert.Equal(id, Assert.Throws<TelepresenceException>(() => SessionSettings.Parse(Vnat(vnat))).Id);

    [Fact]
    public void ProxyVia_is_a_translation_with_a_workload()
    {
        var settings = SessionSettings.Parse(
            Via("service=web", "127.0.0.0/8=echo", " 10.0.0.0/8 = web ", "pods=local") with
            {
                Name = "a",
            }
        );
        Assert.Equal(
            [("service", "web"), ("127.0.0.0/8", "echo"), ("10.0.0.0/8", "web"), ("pods", "")],
            settings.Translate.Select(t => (t.ToString(), t.Workload))
        );
        Assert.Equal(["web", "echo"], settings.Workloads);
        Assert.Empty(SessionSettings.Parse(Vnat("all")).Workloads);
    }

    [Theory]
    [InlineData("all")]
    [InlineData("all=")]
    [InlineData("=web")]
    [InlineData("all=Web")]
    [InlineData("all=deployment/web")]
    public void A_ProxyVia_that_names_no_workload_is_refused(string via) =>
        Assert.Equal("InvalidProxyVia", Assert.Throws<TelepresenceException>(() => SessionSettings.Parse(Via(via))).Id);

    [Fact]
    public void Another_workload_is_another_session() =>
        Assert.Equal(
            ["ProxyVia"],
            SessionSettings.Differences(SessionSettings.Parse(Via("all=web")), SessionSettings.Parse(Via("all=echo")))
        );
}
