using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Objects;
using Telepresence.E2ETests.Session;

namespace Telepresence.E2ETests.Vpn;

/// <summary>Routes that the kernel refuses when others are there already: what was done is undone.</summary>
[Collection(OneAfterAnother.Name)]
public sealed class HalfWayTests(OpenVpnFixture fixture) : IClassFixture<OpenVpnFixture>
{
    /// <summary>No conflict, since nothing is behind it; but the kernel has no second route like it.</summary>
    private const string InTheWay = $"blackhole {OpenVpnFixture.Pods} metric 1116";

    /// <summary>The same in the table of what is allowed to override, which comes after the main one.</summary>
    private const string InTheWayLater = $"blackhole {OpenVpnFixture.Services} metric 1 table 77501";

    private static readonly string[] _asked =
    [
        OpenVpnFixture.Colliding,
        OpenVpnFixture.Colliding6,
        OpenVpnFixture.BehindSecondCard,
        "10.43.0.10",
        "246.1.0.10",
        $"{Office.NameServer} ipproto udp dport 53",
        Office.NameServer,
        Office.Intranet6,
    ];

    [SkippableTheory]
    [InlineData(InTheWay)]
    [InlineData(InTheWayLater)]
    public async Task A_connect_that_is_refused_half_way_leaves_every_look_up_as_it_was(string route)
    {
        await fixture.StartAsync();
        using var inTheWay = Added.Route(fixture.Workstation.Net, route);
        var before = LookUps();

        var error = await VpnScene.RefusedAsync(
            fixture.Workstation,
            fixture.Sandbox,
            new SubnetSelection { AllowConflictingSubnet = [OpenVpnFixture.Services] }
        );

        Assert.Equal(nameof(ErrorId.RoutingFailed), error.Id);
        Assert.Contains("File exists", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, LookUps());
        fixture.Workstation.AssertOfficeAnswers();
        fixture.Workstation.AssertOfficeAnswersAt(OpenVpnFixture.Colliding);
    }

    [SkippableFact]
    public async Task After_the_reason_is_gone_the_same_engine_connects()
    {
        await fixture.StartAsync();
        var before = LookUps();
        var inTheWay = Added.Route(fixture.Workstation.Net, InTheWay);
        await using var scene = await VpnScene.StartAsync(fixture.Workstation, fixture.Sandbox);
        await Assert.ThrowsAsync<TelepresenceException>(() => scene.ConnectAsync(new SubnetSelection()));
        inTheWay.Dispose();

        await scene.ConnectAsync(new SubnetSelection());
        Assert.Equal(SessionState.Connected, scene.Session.State);
        scene.AssertClusterAnswers();
        fixture.Workstation.AssertOfficeAnswers();
        await scene.Engine.Client.DisconnectAsync(scene.Session.Name, EngineProcess.Bound);
        Assert.Equal(before, LookUps());
    }

    private string[] LookUps() => [.. _asked.Select(fixture.Workstation.RouteTo)];
}
