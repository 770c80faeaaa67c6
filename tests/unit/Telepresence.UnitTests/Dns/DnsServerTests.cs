using System.Net;
using Telepresence.Engine.Dns;
using Telepresence.Engine.Vnat;

namespace Telepresence.UnitTests.Dns;

public sealed class DnsServerTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private static TranslationTable Table(string network = "246.0.0.0/10") =>
        new([new VirtualSubnet(IPNetwork.Parse(network))], [IPNetwork.Parse("10.43.0.0/16")]);

    [Theory]
    [InlineData("echo.", "echo.")]
    [InlineData("ECHO.tel2-Search.", "echo.")]
    [InlineData("echo.default.svc.cluster.local.", "echo.default.svc.cluster.local.")]
    public async Task Cluster_names_are_answered_under_the_name_asked(string asked, string looked)
    {
        using var server = Servers.Create(new FakeCluster().HasAddress(looked, "10.43.0.9"), translation: Table());
        var answer = await Servers.Front(null, null, server).AskAsync(asked);

        Assert.Equal(0, answer.Code);
        Assert.True(answer.Authoritative);
        Assert.False(answer.RecursionAvailable);
        Assert.Equal(asked, answer.Question);
        Assert.Equal([$"{asked} 4 1 246.1.0.9"], answer.Answers);
    }

    [Fact]
    public async Task Addresses_behind_a_chain_are_translated_too()
    {
        var cluster = new FakeCluster().Has(
            "web.",
            RecordType.A,
            DnsMessages.Record("web.", RecordType.CName, DnsMessages.Name("echo.default.svc.cluster.local.")),
            DnsMessages.A("echo.default.svc.cluster.local.", "10.43.0.9"),
            DnsMessages.A("echo.default.svc.cluster.local.", "192.0.2.1")
        );
        using var server = Servers.Create(cluster, translation: Table());

        var answer = await Servers.Front(null, null, server).AskAsync("web.tel2-search.");

        Assert.Equal(
            [
                "web.tel2-search. 4 5 echo.default.svc.cluster.local.",
                "echo.default.svc.cluster.local. 4 1 246.1.0.9",
                "echo.default.svc.cluster.local. 4 1 192.0.2.1",
            ],
            answer.Answers
        );
    }

    [Fact]
    public async Task A_full_virtual_subnet_is_a_server_failure_and_not_remembered()
    {
        var cluster = new FakeCluster().HasAddress("a.", "10.43.0.1").HasAddress("b.", "10.43.0.2");
        var table = Table("246.0.0.0/29");
        table.ToVirtual(IPAddress.Parse("10.43.9.1"));
        table.ToVirtual(IPAddress.Parse("10.43.9.2"));
        using var server = Servers.Create(cluster, translation: table);
        var front = Servers.Front(null, null, server);

        var last = (await front.AskAsync("a.")).Answers.Single();
        Assert.Equal($"a. 4 1 {table.ToVirtual(IPAddress.Parse("10.43.0.1"))}", last);
        Assert.Equal(ResponseCode.ServerFailure, (await front.AskAsync("b.")).Code);
        Assert.Equal(ResponseCode.ServerFailure, (await front.AskAsync("b.")).Code);
        Assert.Equal(3, cluster.Asked.Count);
    }

    [Fact]
    public async Task Success_and_NXDOMAIN_are_remembered_for_a_minute()
    {
        var time = new FakeTime();
        var cluster = new FakeCluster().HasAddress("echo.", "10.43.0.9");
        using var server = Servers.Create(cluster, time: time);
        var front = Servers.Front(null, time, server);

        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(0, (await front.AskAsync("echo.")).Code);
            Assert.Equal(ResponseCode.NonexistentDomain, (await front.AskAsync("nope.")).Code);
        }
        Assert.Equal(["echo. 1", "nope. 1"], cluster.Asked);

        time.Advance(TimeSpan.FromSeconds(61));
        await front.AskAsync("echo.");
        Assert.Equal(3, cluster.Asked.Count);
        server.FlushCache();
        await front.AskAsync("echo.");
        Assert.Equal(4, cluster.Asked.Count);
    }

    [Fact]
    public async Task The_cache_stays_within_its_limit()
    {
        var cluster = new FakeCluster();
        using var server = Servers.Create(cluster, Servers.Options with { CacheCapacity = 16 });
        var front = Servers.Front(null, null, server);

        for (var i = 0; i < 100; i++)
            await front.AskAsync($"n{i}.");
        var asked = cluster.Asked.Count;
        for (var i = 0; i < 100; i++)
            await front.AskAsync($"n{i}.");

        Assert.InRange(cluster.Asked.Count - asked, 100 - 16, 100);
    }

    [Fact]
    public async Task A_flood_of_names_that_nobody_answers_leaves_known_ones_answered()
    {
        var release = new TaskCompletionSource();
        var cluster = new FakeCluster
        {
            Before = (name, _, _) =>
                name.StartsWith("flood", StringComparison.Ordinal) ? release.Task : Task.CompletedTask,
        }.HasAddress("echo.", "10.43.0.9");
        using var server = Servers.Create(cluster, Servers.Options with { MaxPendingLookups = 10 });
        var front = Servers.Front(null, null, server);
        await front.AskAsync("echo.");

        var questions = Enumerable.Range(0, 500).Select(i => front.AskAsync($"flood{i}.")).ToArray();
        Assert.Equal(11, cluster.Asked.Count);
        Assert.Single((await front.AskAsync("echo.")).Answers);

        release.SetResult();
        var answers = await Task.WhenAll(questions).WaitAsync(Deadline);
        Assert.Equal(490, answers.Count(answer => answer.Code == ResponseCode.ServerFailure));
        Assert.Equal(ResponseCode.NonexistentDomain, (await front.AskAsync("other.")).Code);
    }

    [Fact]
    public async Task Equal_questions_wait_for_one_look_up()
    {
        var release = new TaskCompletionSource();
        var cluster = new FakeCluster { Before = (_, _, _) => release.Task }.HasAddress("echo.", "10.43.0.9");
        using var server = Servers.Create(cluster);
        var front = Servers.Front(null, null, server);

        var questions = Enumerable.Range(0, 20).Select(_ => front.AskAsync("echo.")).ToArray();
        release.SetResult();
        var answers = await Task.WhenAll(questions).WaitAsync(Deadline);

        Assert.All(answers, answer => Assert.Single(answer.Answers));
        Assert.Single(cluster.Asked);
    }

    [Fact]
    public async Task One_family_that_fails_beside_the_other_is_no_data()
    {
        var release = new TaskCompletionSource();
        var cluster = new FakeCluster
        {
            Before = (_, type, _) => type == RecordType.A ? release.Task : Task.CompletedTask,
        }.HasAddress("echo.", "10.43.0.9");
        using var server = Servers.Create(cluster);
        var front = Servers.Front(null, null, server);

        var a = front.AskAsync("echo.");
        var aaaa = front.AskAsync("echo.", RecordType.Aaaa);
        release.SetResult();

        Assert.Equal(0, (await a.WaitAsync(Deadline)).Code);
        Assert.Equal(0, (await aaaa.WaitAsync(Deadline)).Code);
        Assert.Empty((await front.AskAsync("echo.", RecordType.Aaaa)).Answers);
    }

    [Fact]
    public async Task No_answer_in_time_is_NXDOMAIN_and_a_lost_connection_SERVFAIL()
    {
        var cluster = new FakeCluster
        {
            Before = (name, _, _) =>
                name == "slow." ? Task.FromException(new TimeoutException()) : throw new IOException(),
        };
        using var server = Servers.Create(cluster);
        var front = Servers.Front(null, null, server);

        Assert.Equal(ResponseCode.NonexistentDomain, (await front.AskAsync("slow.")).Code);
        Assert.Equal(ResponseCode.NonexistentDomain, (await front.AskAsync("slow.")).Code);
        Assert.Equal(ResponseCode.ServerFailure, (await front.AskAsync("lost.")).Code);
        Assert.Equal(3, cluster.Asked.Count);
    }

    [Fact]
    public async Task A_cluster_that_never_answers_is_given_up()
    {
        var cluster = new FakeCluster { Before = (_, _, token) => Task.Delay(Timeout.Infinite, token) };
        using var server = Servers.Create(
            cluster,
            Servers.Options with
            {
                LookupTimeout = TimeSpan.FromMilliseconds(20),
            }
        );

        var answer = await Servers.Front(null, null, server).AskAsync("echo.").WaitAsync(Deadline);

        Assert.Equal(ResponseCode.NonexistentDomain, answer.Code);
    }

    [Fact]
    public async Task Mappings_come_before_everything()
    {
        var options = Servers.Options with
        {
            Mappings =
            [
                new DnsMapping("db.example.com", "10.43.0.7"),
                new DnsMapping("alias", "echo.default"),
                new DnsMapping("outside", "www.example.de"),
                new DnsMapping("loop", "loop"),
            ],
        };
        var cluster = new FakeCluster().HasAddress("echo.default.", "10.43.0.9");
        var upstream = FakeUpstream.With("192.0.2.7");
        using var server = Servers.Create(cluster, options, Table(), upstream);
        var front = Servers.Front(upstream, null, server);

        Assert.Equal(["db.example.com. 4 1 246.1.0.7"], (await front.AskAsync("db.example.com.")).Answers);
        Assert.Empty((await front.AskAsync("db.example.com.", RecordType.Aaaa)).Answers);
        Assert.Equal(
            ["alias.tel2-search. 4 5 echo.default.", "echo.default. 4 1 246.1.0.9"],
            (await front.AskAsync("alias.tel2-search.")).Answers
        );
        Assert.Equal(["alias. 4 5 echo.default."], (await front.AskAsync("alias.", RecordType.CName)).Answers);
        Assert.Equal(
            ["outside. 4 5 www.example.de.", "www.example.de. 4 1 192.0.2.7"],
            (await front.AskAsync("outside.")).Answers
        );
        Assert.Equal(ResponseCode.ServerFailure, (await front.AskAsync("loop.")).Code);
    }

    [Fact]
    public async Task Reverse_names_of_virtual_addresses_are_asked_as_the_real_ones()
    {
        var target = DnsMessages.Name("echo.default.svc.cluster.local.");
        var cluster = new FakeCluster().Has(
            "9.0.43.10.in-addr.arpa.",
            RecordType.Ptr,
            DnsMessages.Record("9.0.43.10.in-addr.arpa.", RecordType.Ptr, target)
        );
        var upstream = FakeUpstream.With("192.0.2.7");
        var options = Servers.Options with { ServerAddresses = [IPAddress.Parse("246.0.0.2")] };
        using var server = Servers.Create(cluster, options, Table());
        var front = Servers.Front(upstream, null, server);

        for (var i = 0; i < 2; i++)
        {
            Assert.Equal(
                ["9.0.1.246.in-addr.arpa. 4 12 echo.default.svc.cluster.local."],
                (await front.AskAsync("9.0.1.246.in-addr.arpa.", RecordType.Ptr)).Answers
            );
        }
        Assert.Single(cluster.Asked);
        Assert.Equal(
            ["2.0.0.246.in-addr.arpa. 4 12 cluster.local."],
            (await front.AskAsync("2.0.0.246.in-addr.arpa.", RecordType.Ptr)).Answers
        );
        Assert.Empty(upstream.Asked);
        await front.AskAsync("9.0.43.10.in-addr.arpa.", RecordType.Ptr);
        Assert.Equal(["9.0.43.10.in-addr.arpa."], upstream.Asked);
    }

    [Theory]
    [InlineData("10.43.0.9")]
    [InlineData("fd00:43::a:1")]
    public void Reverse_names_round_trip(string address)
    {
        var parsed = IPAddress.Parse(address);

        Assert.Equal(parsed, ReverseName.Parse(ReverseName.Format(parsed)));
        Assert.Null(ReverseName.Parse("x." + ReverseName.Format(parsed)));
    }

    [Fact]
    public async Task Malformed_records_are_a_server_failure()
    {
        var statistics = new DnsStatistics();
        var cluster = new FakeCluster();
        cluster.Answers[("bad.", RecordType.A)] = (0, [1, 2, 3]);
        cluster.Answers[("short.", RecordType.A)] = (0, DnsMessages.Record("short.", RecordType.A, [1, 2, 3]));
        cluster.Answers[("internal.", RecordType.A)] = (3841, []);
        using var server = Servers.Create(cluster, statistics: statistics);
        var front = Servers.Front(null, null, server);

        foreach (var name in (string[])["bad.", "short.", "internal."])
            Assert.Equal(ResponseCode.ServerFailure, (await front.AskAsync(name)).Code);
        Assert.Equal(2, statistics.MalformedAnswers);
    }
}
