using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;
using Telepresence.TrafficManager.Cluster;

namespace Telepresence.UnitTests.TrafficManager;

public class NameResolutionTests
{
    [Theory]
    [InlineData("echo.")]
    [InlineData("echo.default.")]
    [InlineData("echo.default.svc.")]
    [InlineData("echo.default.svc.cluster.local.")]
    public async Task Every_form_of_a_services_name_resolves_under_that_name(string name)
    {
        await using var manager = await ManagerFixture.StartAsync();
        manager.Names[("echo.default.svc.cluster.local.", 1)] = new ClusterDnsAnswer(
            0,
            [new ClusterDnsRecord("echo.default.svc.cluster.local.", 1, [10, 96, 0, 9], 30)]
        );
        var session = await manager.ArriveAsync();
        var request = new DNSRequest
        {
            Session = session,
            Name = name,
            Type = 1,
        };
        var answer = await manager.Client.LookupDNS(request);
        Assert.Equal(0, answer.RCode);
        Assert.Equal(name.Length + 1 + 14, answer.Rrs.Length);
        Assert.EndsWith("00010001" + "00000004" + "0004" + "0a600009", Convert.ToHexStringLower(answer.Rrs.Span));
    }

    [Fact]
    public async Task A_name_that_exists_without_such_a_record_has_no_data()
    {
        await using var manager = await ManagerFixture.StartAsync();
        manager.Names[("echo.default.svc.cluster.local.", 28)] = new ClusterDnsAnswer(0, []);
        var session = await manager.ArriveAsync();
        var request = new DNSRequest
        {
            Session = session,
            Name = "echo.",
            Type = 28,
        };
        var answer = await manager.Client.LookupDNS(request);
        Assert.Equal((0, 0), (answer.RCode, answer.Rrs.Length));
    }

    [Fact]
    public async Task An_unknown_session_and_an_impossible_name_are_refused()
    {
        await using var manager = await ManagerFixture.StartAsync();
        await SessionTests.FailsAsync(
            StatusCode.NotFound,
            () => manager.Client.LookupDNS(new DNSRequest { Name = "echo.", Type = 1 }).ResponseAsync
        );
        var session = await manager.ArriveAsync();
        await SessionTests.FailsAsync(
            StatusCode.InvalidArgument,
            () =>
                manager
                    .Client.LookupDNS(
                        new DNSRequest
                        {
                            Session = session,
                            Name = "a..b.",
                            Type = 1,
                        }
                    )
                    .ResponseAsync
        );
    }
}
