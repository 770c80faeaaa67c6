using Telepresence.Engine.Dns;

namespace Telepresence.UnitTests.Dns;

public sealed class DnsRulesTests
{
    private static readonly DnsRules Rules = new(
        Servers.Options with
        {
            MappedNamespaces = ["default", "prod", "my.com"],
            HostSearchDomains = ["corp.example.org"],
            Excludes = ["secret", "web.prod"],
            IncludeSuffixes = [".internal", "db.example.com", ".aws.com"],
            SessionDomain = "second",
        }
    );

    [Theory]
    // single labels, also through the search domains
    [InlineData("echo.", "Cluster", "echo.")]
    [InlineData("echo.tel2-search.", "Cluster", "echo.")]
    [InlineData("echo.corp.example.org.", "Cluster", "echo.")]
    [InlineData("tel2-search.", "Nonexistent", "tel2-search.")]
    [InlineData("tel2-search.example.", "Nonexistent", "tel2-search.example.")]
    [InlineData("a.tel2-search.example.", "Nonexistent", "a.tel2-search.example.")]
    [InlineData("notel2-search.", "Cluster", "notel2-search.")]
    [InlineData(".", "NotOurs", ".")]
    // localhost
    [InlineData("localhost.", "Loopback", "localhost.")]
    [InlineData("localhost.tel2-search.", "Loopback", "localhost.")]
    [InlineData("jhfweoitnkgyeta.tel2-search.", "Loopback", "jhfweoitnkgyeta.tel2-search.")]
    // discovery, excludes
    [InlineData("wpad.", "NotOurs", "wpad.")]
    [InlineData("wpad.tel2-search.", "NotOurs", "wpad.")]
    [InlineData("_grpc_config.echo.default.", "NotOurs", "_grpc_config.echo.default.")]
    [InlineData("secret.", "NotOurs", "secret.")]
    [InlineData("secret.tel2-search.", "NotOurs", "secret.")]
    [InlineData("web.prod.", "NotOurs", "web.prod.")]
    // routes
    [InlineData("echo.default.", "Cluster", "echo.default.")]
    [InlineData("echo.default.svc.", "Cluster", "echo.default.svc.")]
    [InlineData("a.b.prod.", "Cluster", "a.b.prod.")]
    [InlineData("echo.other.", "NotOurs", "echo.other.")]
    [InlineData("x.my.com.", "NotOurs", "x.my.com.")]
    [InlineData("www.google.com.default.", "NotOurs", "www.google.com.default.")]
    [InlineData("www.google.com.tel2-search.", "NotOurs", "www.google.com.")]
    // cluster domain
    [InlineData("echo.other.svc.cluster.local.", "Cluster", "echo.other.svc.cluster.local.")]
    [InlineData("10-1-2-3.default.pod.cluster.local.", "Cluster", "10-1-2-3.default.pod.cluster.local.")]
    // suffixes
    [InlineData("www.google.com.", "NotOurs", "www.google.com.")]
    [InlineData("db.example.com.", "Cluster", "db.example.com.")]
    [InlineData("x.aws.com.", "Cluster", "x.aws.com.")]
    [InlineData("x.internal.", "Cluster", "x.internal.")]
    [InlineData("x.com.internal.", "NotOurs", "x.com.internal.")]
    [InlineData("example.de.", "NotOurs", "example.de.")]
    // the session's own suffix
    [InlineData("echo.other.svc.second.", "Cluster", "echo.other.svc.")]
    [InlineData("echo.other.svc.cluster.local.second.", "Cluster", "echo.other.svc.cluster.local.")]
    [InlineData("echo.com.svc.second.", "Cluster", "echo.com.svc.")]
    [InlineData("echo.second.", "NotOurs", "echo.second.")]
    [InlineData("svc.second.", "NotOurs", "svc.second.")]
    [InlineData("echo.other.svc.third.", "NotOurs", "echo.other.svc.third.")]
    public void The_name_decides(string name, string decision, string lookup)
    {
        var ruling = Rules.Decide(name);

        Assert.Equal(decision, ruling.Decision.ToString());
        Assert.Equal(lookup, name[..ruling.LookupLength]);
    }

    [Theory]
    [InlineData("echo.tel2-search.", true)]
    [InlineData("echo.default.svc.cluster.local.", true)]
    [InlineData("echo.default.svc.", true)]
    [InlineData("wpad.tel2-search.", true)]
    [InlineData("echo.", false)]
    [InlineData("web.default.", false)]
    [InlineData("echo.corp.example.org.", false)]
    public void Only_names_that_nobody_else_can_know_are_kept_from_the_upstream(string name, bool exclusive) =>
        Assert.Equal(exclusive, Rules.Decide(name).IsExclusive);
}
