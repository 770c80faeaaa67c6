using Telepresence.Engine.Dns;

namespace Telepresence.UnitTests.Dns;

public sealed class DnsFrontTests
{
    [Fact]
    public async Task What_is_nobodys_goes_upstream_unchanged_and_comes_back_unchanged()
    {
        byte[]? sent = null;
        var upstream = new FakeUpstream(
            (query, _) =>
            {
                sent = query;
                return DnsMessages.Answer(query, 0, DnsMessages.A("www.example.de.", "192.0.2.1"));
            }
        );
        using var server = Servers.Create(new FakeCluster());
        var front = Servers.Front(upstream, null, server);
        var request = DnsMessages.Query("WWW.example.de.", 65, ednsSize: 1400);
        var response = new byte[DnsFront.MaxMessageLength];

        var length = await front.HandleAsync(request, DnsTransport.Udp, response, CancellationToken.None);

        Assert.Equal(request, sent);
        Assert.Equal(DnsMessages.Answer(request, 0, DnsMessages.A("www.example.de.", "192.0.2.1")), response[..length]);
    }

    [Fact]
    public async Task Sessions_are_asked_in_order_and_what_none_knows_goes_upstream()
    {
        var upstream = FakeUpstream.With("192.0.2.9");
        using var first = Servers.Create(
            new FakeCluster().HasAddress("both.", "10.1.0.1"),
            Servers.Options with
            {
                Session = "first",
            }
        );
        using var second = Servers.Create(
            new FakeCluster().HasAddress("both.", "10.2.0.1").HasAddress("only.default.svc.cluster.local.", "10.2.0.2"),
            Servers.Options with
            {
                Session = "second",
            }
        );
        var front = Servers.Front(upstream, null, first, second);

        Assert.Equal(["both. 4 1 10.1.0.1"], (await front.AskAsync("both.")).Answers);
        Assert.Equal(
            ["only.default.svc.cluster.local. 4 1 10.2.0.2"],
            (await front.AskAsync("only.default.svc.cluster.local.")).Answers
        );
        Assert.Empty(upstream.Asked);
        Assert.Equal("192.0.2.9", (await front.AskAsync("printer.")).Answers.Single().Split(' ')[^1]);
        Assert.Equal(ResponseCode.NonexistentDomain, (await front.AskAsync("none.default.svc.cluster.local.")).Code);
        Assert.Equal(["printer."], upstream.Asked);
        front.Remove(first);
        Assert.Equal(["both. 4 1 10.2.0.1"], (await front.AskAsync("both.")).Answers);
        Assert.Equal(["first", "second", "", "first", "second"], front.Log.Last(10).Select(record => record.Session));
    }

    [Fact]
    public async Task A_failure_of_the_cluster_is_not_turned_into_NXDOMAIN_by_the_upstream()
    {
        var upstream = new FakeUpstream((query, _) => DnsMessages.Answer(query, 3));
        using var server = Servers.Create(new FakeCluster { Before = (_, _, _) => throw new IOException() });

        Assert.Equal(ResponseCode.ServerFailure, (await Servers.Front(upstream, null, server).AskAsync("echo.")).Code);
    }

    [Fact]
    public async Task An_upstream_that_does_not_answer_is_a_server_failure()
    {
        using var server = Servers.Create(new FakeCluster());

        var answer = await Servers.Front(new FakeUpstream((_, _) => null), null, server).AskAsync("example.de.");

        Assert.Equal(ResponseCode.ServerFailure, answer.Code);
        Assert.True(answer.RecursionAvailable);
        Assert.Equal(
            ResponseCode.NonexistentDomain,
            (await Servers.Front(null, null, server).AskAsync("example.de.")).Code
        );
    }

    [Fact]
    public async Task Types_that_are_never_looked_up_are_not_implemented_for_cluster_names_only()
    {
        var upstream = FakeUpstream.With("192.0.2.9");
        var cluster = new FakeCluster();
        using var server = Servers.Create(cluster);
        var front = Servers.Front(upstream, null, server);

        Assert.Equal(ResponseCode.NotImplemented, (await front.AskAsync("echo.default.", 65)).Code);
        Assert.Equal(0, (await front.AskAsync("example.de.", 65)).Code);
        Assert.Equal(["example.de."], upstream.Asked);
        Assert.Empty(cluster.Asked);
    }

    [Fact]
    public async Task Answers_that_are_too_long_for_the_client_are_truncated_on_UDP_only()
    {
        var records = Enumerable.Range(0, 100).Select(i => DnsMessages.A("big.", $"10.0.0.{i}")).ToArray();
        var upstream = new FakeUpstream(
            (query, _) => DnsMessages.Answer(query, 0, [.. records.Select(_ => DnsMessages.A("x.de.", "192.0.2.1"))])
        );
        using var server = Servers.Create(new FakeCluster().Has("big.", RecordType.A, records));
        var front = Servers.Front(upstream, null, server);

        foreach (var name in (string[])["big.", "x.de."])
        {
            var udp = await front.AskAsync(name);
            Assert.True(udp.Truncated);
            Assert.Empty(udp.Answers);
            Assert.True((await front.AskAsync(name, ednsSize: 1232)).Truncated);
            Assert.Equal(100, (await front.AskAsync(name, ednsSize: 4096)).Answers.Count);
            Assert.Equal(100, (await front.AskAsync(name, transport: DnsTransport.Tcp)).Answers.Count);
        }
        Assert.True((await front.AskAsync("big.", ednsSize: 1232)).HasOpt);
    }

    [Fact]
    public void Bad_requests_are_refused_or_dropped_and_counted()
    {
        var front = Servers.Front(null, null);
        var query = DnsMessages.Query("a.", 1);
        var twoQuestions = (byte[])query.Clone();
        twoQuestions[5] = 2;
        var twoOpts = DnsMessages
            .Query("a.", 1, ednsSize: 512)
            .Concat(DnsMessages.Query("a.", 1, ednsSize: 512)[^11..])
            .ToArray();
        twoOpts[11] = 2;
        var version = DnsMessages.Query("a.", 1, ednsSize: 512);
        version[^5] = 1;

        Assert.Equal(1, Code([.. query, 0]));
        Assert.Equal(1, Code(query[..^1]));
        Assert.Equal(1, Code(twoQuestions));
        Assert.Equal(1, Code(twoOpts));
        Assert.Equal(0, Code(version));
        Assert.Null(Code(query[..11]));
        Assert.Null(Code(DnsMessages.Answer(query, 0)));
        Assert.Equal(4, front.Statistics.Malformed);
        Assert.Equal(2, front.Statistics.Dropped);

        int? Code(byte[] request)
        {
            var response = new byte[DnsFront.MaxMessageLength];
            Assert.True(front.TryHandle(request, DnsTransport.Udp, response, out var length));
            return length == 0 ? null : DnsResponse.CodeOf(response.AsSpan(0, length));
        }
    }

    [Fact]
    public async Task A_request_other_than_a_query_is_forwarded_or_not_implemented()
    {
        var update = DnsMessages.Query("a.de.", 6, flags: 0x2800);
        var response = new byte[DnsFront.MaxMessageLength];
        var upstream = new FakeUpstream((query, _) => [.. query[..2], 0xA8, 5, 0, 0, 0, 0, 0, 0, 0, 0]);

        var length = await Servers
            .Front(upstream, null)
            .HandleAsync(update, DnsTransport.Udp, response, CancellationToken.None);
        Assert.Equal(ResponseCode.Refused, DnsResponse.CodeOf(response.AsSpan(0, length)));

        length = await Servers
            .Front(null, null)
            .HandleAsync(update, DnsTransport.Udp, response, CancellationToken.None);
        Assert.Equal(ResponseCode.NotImplemented, DnsResponse.CodeOf(response.AsSpan(0, length)));
    }

    [Fact]
    public async Task Cached_answers_cost_no_allocation()
    {
        using var server = Servers.Create(new FakeCluster().HasAddress("echo.default.", "10.43.0.9"));
        var front = Servers.Front(null, null, server);
        await front.AskAsync("echo.default.");
        var request = DnsMessages.Query("echo.default.", 1, ednsSize: 1232);
        var response = new byte[DnsFront.MaxMessageLength];
        front.TryHandle(request, DnsTransport.Udp, response, out _);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            Assert.True(front.TryHandle(request, DnsTransport.Udp, response, out _));

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void The_log_keeps_the_last_questions()
    {
        var time = new FakeTime();
        var log = new DnsQueryLog(time, capacity: 4);
        for (var i = 0; i < 10; i++)
        {
            log.Add(DnsMessages.Name($"N{i}.x."), 1, DnsAnsweredBy.Cluster, "s", 0, time.GetTimestamp());
            time.Advance(TimeSpan.FromSeconds(1));
        }

        var records = log.Last(3);

        Assert.Equal(["n7.x.", "n8.x.", "n9.x."], records.Select(record => record.Name));
        Assert.Equal(DateTimeOffset.UnixEpoch.AddSeconds(9), records[^1].At);
    }
}
