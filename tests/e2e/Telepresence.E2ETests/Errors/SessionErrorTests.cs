using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Sandbox;

namespace Telepresence.E2ETests.Errors;

/// <summary>What goes wrong beside, or in, a session that works.</summary>
public sealed class SessionErrorTests(ErrorsFixture fixture) : IClassFixture<ErrorsFixture>
{
    private static readonly SandboxOptions Working = new();
    private static readonly SubnetSelection Translated = new() { Vnat = ["all"], VirtualSubnet = "198.18.0.0/16" };

    private static CancellationToken Bound => new CancellationTokenSource(ErrorsFixture.Patience).Token;

    [SkippableFact]
    public async Task A_second_connect_is_the_same_session_or_told_what_differs()
    {
        ErrorsFixture.Require();
        var before = fixture.State();
        var sandbox = await fixture.SandboxAsync(Working);
        await using var engine = await EngineInside.StartAsync(fixture);
        var first = await engine.Client.ConnectAsync(sandbox.Connect(Translated), null, Bound);

        var again = await engine.Client.ConnectAsync(sandbox.Connect(Translated), null, Bound);
        Assert.Equal((first.Name, first.Since), (again.Name, again.Since));
        Assert.Single(await engine.Client.ListSessionsAsync(Bound));

        var other = await fixture.FailsAsync(
            ErrorId.SessionExistsWithOtherSettings,
            $"'{first.Name}'",
            sandbox.Connect(new SubnetSelection { Vnat = ["service"], VirtualSubnet = "198.18.0.0/16" }),
            engine
        );
        Assert.Contains("Vnat", other.Message, StringComparison.Ordinal);
        Assert.Equal(TelepresenceErrorCategory.ResourceExists, other.Category);

        var second = sandbox.Connect(Translated);
        second.Name = "second";
        await fixture.FailsAsync(ErrorId.VirtualSubnetInUse, $"'{first.Name}'", second, engine);

        await engine.Client.DisconnectAsync(first.Name, Bound);
        Assert.Equal(before, fixture.State());
    }

    [SkippableFact]
    public async Task A_full_virtual_subnet_gives_no_address_rather_than_a_wrong_one()
    {
        ErrorsFixture.Require("dig");
        var sandbox = await fixture.SandboxAsync(Working);
        await using var engine = await EngineInside.StartAsync(fixture);
        var session = await engine.Client.ConnectAsync(
            sandbox.Connect(new SubnetSelection { Vnat = ["all"], VirtualSubnet = "198.18.0.0/29" }),
            null,
            Bound
        );
        var web = sandbox.Cluster.ServiceAddress("web").ToString();
        var given = new Dictionary<string, string>();
        TelepresenceException? full = null;
        for (var last = 1; full is null && last < 250; last++)
        {
            // The last octets of samples that a name leads to are left for DNS below.
            var cluster = $"10.96.200.{last}";
            try
            {
                var answer = await engine.Client.ToVirtualAsync(new AddressParameters([cluster], session.Name), Bound);
                given[cluster] = Assert.Single(answer).VirtualAddress;
            }
            catch (TelepresenceException e)
            {
                full = e;
            }
        }
        Assert.NotNull(full);
        ErrorsFixture.Complete(full, ErrorId.VirtualSubnetExhausted, "198.18.0.0/29");
        Assert.NotEmpty(given);
        Assert.Equal(given.Count, given.Values.Distinct().Count());

        var dig = fixture.Net.Program("dig", "+time=5", "+tries=1", "@192.0.2.53", "web.demo.svc.cluster.local", "A");
        Assert.Contains("status: SERVFAIL", dig.Require(), StringComparison.Ordinal);
        Assert.Contains("ANSWER: 0", dig.Output, StringComparison.Ordinal);
        var toVirtual = await Assert.ThrowsAsync<TelepresenceException>(() =>
            engine.Client.ToVirtualAsync(new AddressParameters([web], session.Name), Bound)
        );
        ErrorsFixture.Complete(toVirtual, ErrorId.VirtualSubnetExhausted, "198.18.0.0/29");

        // What was handed out stays.
        foreach (var (cluster, address) in given)
        {
            var back = await engine.Client.ToClusterAsync(new AddressParameters([address], session.Name), Bound);
            Assert.Equal(cluster, Assert.Single(back).ClusterAddress);
        }
    }
}
