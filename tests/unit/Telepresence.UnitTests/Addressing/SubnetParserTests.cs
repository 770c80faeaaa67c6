using System.Net;
using FsCheck;
using FsCheck.Fluent;
using Telepresence.Client.Errors;
using Telepresence.Engine.Addressing;

namespace Telepresence.UnitTests.Addressing;

public class SubnetParserTests
{
    [Theory]
    [InlineData("10.0.0.0/8", "10.0.0.0/8")]
    [InlineData("10.1.2.3", "10.1.2.3/32")]
    [InlineData("0.0.0.0/0", "0.0.0.0/0")]
    [InlineData("fd00::/8", "fd00::/8")]
    [InlineData("FD00::1", "fd00::1/128")]
    public void Subnets_and_bare_addresses_are_read(string text, string expected) =>
        Assert.Equal(IPNetwork.Parse(expected), SubnetParser.ParseNetwork(text, "Vnat"));

    [Theory]
    [InlineData("10.0.0.1/8", "did you mean 10.0.0.0/8?")]
    [InlineData("fd00::1/64", "did you mean fd00::/64?")]
    [InlineData("10.0.0.0/33", "0 to 32")]
    [InlineData("10.0.0.0/-1", "0 to 32")]
    [InlineData("10.0.0.0/", "0 to 32")]
    [InlineData("fd00::/129", "0 to 128")]
    [InlineData("10.0.0/8", "not an IP address")]
    [InlineData("10", "not an IP address")]
    [InlineData("010.0.0.0/8", "not an IP address")]
    [InlineData("0xa.0.0.0/8", "not an IP address")]
    [InlineData("10.0.0.0/8/8", "0 to 32")]
    [InlineData("10.0.0.0 /8", "not an IP address")]
    [InlineData("10.0.0.256", "not an IP address")]
    [InlineData("fd00:::/16", "not an IP address")]
    [InlineData("", "not an IP address")]
    [InlineData("::ffff:10.0.0.0/104", "without ::ffff:")]
    public void What_is_no_subnet_is_refused_with_a_reason(string text, string reason)
    {
        var error = Assert.Throws<TelepresenceException>(() => SubnetParser.ParseNetwork(text, "Vnat"));
        Assert.Equal("InvalidCidr", error.Id);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("all", SubnetSymbol.All)]
    [InlineData("Also", SubnetSymbol.Also)]
    [InlineData("service", SubnetSymbol.Service)]
    [InlineData("pods", SubnetSymbol.Pods)]
    internal void Symbols_are_read_in_any_case(string text, SubnetSymbol symbol) =>
        Assert.Equal(new SubnetSelector(null, symbol), SubnetParser.ParseSelector(text, "Vnat"));

    [Theory]
    [InlineData("everything", "UnknownSymbol")]
    [InlineData("pod", "UnknownSymbol")]
    [InlineData("service,pods", "UnknownSymbol")]
    [InlineData("1", "InvalidCidr")]
    [InlineData("fg00::/8", "InvalidCidr")]
    public void An_unknown_selector_is_refused(string text, string id) =>
        Assert.Equal(id, Assert.Throws<TelepresenceException>(() => SubnetParser.ParseSelector(text, "Vnat")).Id);

    [Fact]
    public void ProxyVia_names_subnet_and_workload()
    {
        var (subnet, workload) = SubnetParser.ParseProxyVia("10.0.0.0/8=echo-1");
        Assert.Equal(IPNetwork.Parse("10.0.0.0/8"), subnet.Network);
        Assert.Equal("echo-1", workload);
    }

    [Theory]
    [InlineData("all")]
    [InlineData("=echo")]
    [InlineData("all=")]
    [InlineData("all=Echo")]
    [InlineData("all=-echo")]
    public void A_ProxyVia_without_a_workload_is_refused(string text) =>
        Assert.Equal(
            "InvalidProxyVia",
            Assert.Throws<TelepresenceException>(() => SubnetParser.ParseProxyVia(text)).Id
        );

    [Fact]
    public void Any_text_is_read_or_refused_with_a_typed_error() =>
        Prop.ForAll(
                ArbMap.Default.ArbFor<string>(),
                text =>
                {
                    if (text is null)
                        return;
                    try
                    {
                        SubnetParser.ParseSelector(text, "Vnat");
                    }
                    catch (TelepresenceException)
                    {
                        // The typed refusal is the other allowed outcome.
                    }
                }
            )
            .QuickCheckThrowOnFailure();
}
