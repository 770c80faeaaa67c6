namespace Telepresence.E2ETests.Routing;

public sealed class KilledEngineTests
{
    private static readonly (string Destination, string More)[] Questions =
    [
        ("192.0.2.1", "ipproto udp dport 53"),
        ("192.0.2.1", "ipproto tcp dport 53"),
        ("192.0.2.1", "ipproto tcp dport 80"),
        ("2001:db8:2::1", "ipproto udp dport 53"),
        ("10.43.0.1", ""),
        ("10.43.5.5", ""),
        ("10.44.0.1", ""),
        ("fd00:44::1", ""),
        ("203.0.113.9", ""),
    ];

    [SkippableFact]
    public void What_is_left_changes_no_decision_and_repair_removes_it()
    {
        using var fixture = new RoutingFixture();
        var before = fixture.State();
        var decisions = Questions.Select(q => fixture.DeviceFor(q.Destination, q.More)).ToList();
        using (var engine = Victim.Start(fixture.Workstation))
        {
            Assert.Equal("tel0", fixture.DeviceFor("192.0.2.1", "ipproto udp dport 53"));
            Assert.Equal("tel0", fixture.DeviceFor("10.44.0.1"));
            using var living = fixture.CreateRouting();
            Assert.Empty(living.Repair());
            engine.Kill();
            engine.WaitForExit();
        }
        Assert.NotEqual(before, fixture.State());
        Assert.Equal(decisions, Questions.Select(q => fixture.DeviceFor(q.Destination, q.More)));

        using var routing = fixture.CreateRouting();
        var undone = routing.Repair();
        Assert.Contains(
            undone,
            line => line.Contains("to 192.0.2.1/32 ipproto udp dport 53", StringComparison.Ordinal)
        );
        Assert.Equal(before, fixture.State());
        Assert.Empty(routing.Repair());
    }
}
