namespace Telepresence.E2ETests.Session;

/// <summary>Names, asked by programs of the workstation through its ordinary resolv.conf.</summary>
[Collection(OneAfterAnother.Name)]
public sealed class DnsTests(SessionFixture fixture) : IClassFixture<SessionFixture>
{
    private const string Domain = "svc.cluster.local";

    [SkippableTheory]
    [InlineData("+notcp")]
    [InlineData("+tcp")]
    public async Task Dig_gets_every_type_of_record(string transport)
    {
        await fixture.StartAsync();
        var web = fixture.Sandbox.Addresses("demo/web");
        Assert.Equal(web[0], Short($"web.demo.{Domain}", "A"));
        Assert.Equal(web[1], Short($"web.demo.{Domain}", "AAAA"));
        Assert.Equal(web[0], Short("web.demo", "A"));
        Assert.Equal(web[0], Short("web", "A"));
        Assert.Contains(
            $"80 web.demo.{Domain}.",
            Short($"_http._tcp.web.demo.{Domain}", "SRV"),
            StringComparison.Ordinal
        );
        Assert.Equal("\"telepresence sandbox\"", Short($"info.demo.{Domain}", "TXT"));
        Assert.Equal($"10 web.demo.{Domain}.", Short($"mail.demo.{Domain}", "MX"));
        Assert.Equal($"web.demo.{Domain}.", Short($"alias.demo.{Domain}", "CNAME"));
        Assert.All(SandboxProcess.ServiceFamilies, family => Assert.Equal($"web.demo.{Domain}.", Reverse(web[family])));

        string Short(string name, string type) => fixture.Workstation.Dig("+short", transport, name, type);
        string Reverse(string address) => fixture.Workstation.Dig("+short", transport, "-x", address);
    }

    [SkippableFact]
    public async Task A_name_without_records_of_the_type_is_no_error_and_an_unknown_one_is()
    {
        await fixture.StartAsync();
        var noData = fixture.Workstation.Dig($"web.demo.{Domain}", "MX");
        Assert.Contains("status: NOERROR", noData, StringComparison.Ordinal);
        Assert.Contains("ANSWER: 0", noData, StringComparison.Ordinal);
        Assert.Contains(
            "status: NXDOMAIN",
            fixture.Workstation.Dig($"nosuch.demo.{Domain}", "A"),
            StringComparison.Ordinal
        );
    }

    [SkippableTheory]
    [InlineData("web")]
    [InlineData("web.demo")]
    [InlineData("web.demo.svc")]
    [InlineData("web.demo.svc.cluster.local")]
    public async Task The_system_resolver_finds_a_name_as_short_as_in_a_pod(string name)
    {
        await fixture.StartAsync();
        var both = fixture.Workstation.Run("getent", "ahosts", name).Require();
        foreach (var address in fixture.Sandbox.Addresses("demo/web"))
            Assert.Contains(address, both, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Names_of_another_namespace_are_another_service()
    {
        await fixture.StartAsync();
        Assert.Equal(fixture.Sandbox.Addresses("other/web")[0], fixture.Workstation.Dig("+short", "web.other", "A"));
    }

    [SkippableTheory]
    [InlineData("+notcp", Workstation.NameServer4)]
    [InlineData("+tcp", Workstation.NameServer4)]
    public async Task Other_names_are_asked_of_the_machines_own_name_server(string transport, string server)
    {
        await fixture.StartAsync();
        var dig = fixture.Workstation;
        Assert.Equal(
            NameServerProcess.OutsideAddress4,
            dig.Dig("+short", transport, $"@{server}", "outside.example", "A")
        );
        Assert.Equal(
            NameServerProcess.OutsideAddress6,
            dig.Dig("+short", transport, $"@{server}", "outside.example", "AAAA")
        );
        Assert.Contains("status: NXDOMAIN", dig.Dig(transport, "nosuch.example"), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_long_answer_comes_by_TCP_once_UDP_was_too_small()
    {
        await fixture.StartAsync();
        var answer = fixture.Workstation.Dig("+noedns", "big.example", "TXT");
        Assert.Contains("Truncated, retrying in TCP mode", answer, StringComparison.Ordinal);
        Assert.Contains(new string('j', 200), answer, StringComparison.Ordinal);
    }

    /// <remarks>
    /// An unknown name in a mapped namespace, such as <c>nosuch.demo</c>, is asked there all the same: DEMO may be a domain
    /// outside too.
    /// </remarks>
    [SkippableFact]
    public async Task Names_that_only_a_cluster_can_know_never_leave_the_machine()
    {
        await fixture.StartAsync();
        foreach (
            var name in (string[])["web", "web.demo", $"web.demo.{Domain}", "nosuch.demo.svc", $"nosuch.demo.{Domain}"]
        )
        {
            fixture.Workstation.Dig(name, "A");
            fixture.Workstation.Run("getent", "ahosts", name);
        }
        // The last question is answered after all before it: what was to be forwarded has been.
        fixture.Workstation.Dig("outside.example", "A");
        Assert.DoesNotContain(
            fixture.Workstation.NameServer.Questions,
            q => q.Contains("web", StringComparison.Ordinal) || q.Contains("svc", StringComparison.Ordinal)
        );
    }
}
