using NSubstitute;
using Telepresence.Client.Objects;
using Telepresence.Engine.NetStack;
using Telepresence.Engine.Session;

namespace Telepresence.UnitTests.Session;

public class ConnectionTrackerTests
{
    private readonly ConnectionTracker _tracker = new();

    [Fact]
    public void What_was_open_before_is_told_of_only_when_it_changes()
    {
        var flow = Flow("Established");
        _tracker.Begin([Of(flow)]);

        Assert.Empty(_tracker.Look([Of(flow)], []));
        SetState(flow, "CloseWait");
        Assert.Equal([("StateChanged", "CloseWait", "Established")], Texts(_tracker.Look([Of(flow)], [])));
        Assert.Empty(_tracker.Look([Of(flow)], []));
        Assert.Equal([("Closed", "Closed", "CloseWait")], Texts(_tracker.Look([], [])));
        Assert.Empty(_tracker.Look([], []));
    }

    [Fact]
    public void A_connection_that_came_and_went_between_two_looks_is_told_of()
    {
        var flow = Flow("Closed");

        Assert.Equal([("Opened", "Closed", "")], Texts(_tracker.Look([], [Of(flow)])));
        Assert.Equal([("Closed", "Closed", "Closed")], Texts(_tracker.Look([], [])));
    }

    [Fact]
    public void One_that_is_noted_before_the_stack_has_it_in_its_table_does_not_close()
    {
        var flow = Flow("SynReceived");

        Assert.Equal([("Opened", "SynReceived", "")], Texts(_tracker.Look([], [Of(flow)])));
        Assert.Empty(_tracker.Look([Of(flow)], []));
    }

    [Fact]
    public void One_whose_note_was_lost_opens_when_it_is_seen()
    {
        var flow = Flow("Established");

        Assert.Equal([("Opened", "Established", "")], Texts(_tracker.Look([Of(flow)], [])));
    }

    [Fact]
    public void The_same_ends_again_are_another_connection()
    {
        var first = Flow("Established");
        var second = Flow("Established");
        _tracker.Look([], [Of(first)]);

        Assert.Equal(
            [("Opened", "Established", ""), ("Closed", "Closed", "Established")],
            Texts(_tracker.Look([Of(second)], [Of(second)]))
        );
    }

    private static ITcpFlow Flow(string state)
    {
        var flow = Substitute.For<ITcpFlow>();
        SetState(flow, state);
        return flow;
    }

    private static void SetState(ITcpFlow flow, string state) =>
        flow.Statistics.Returns(new FlowStatistics(state, 0, 0, null, 0, default));

    // The tracker hands sessions through.
    private static (EngineSession, IFlow) Of(IFlow flow) => (null!, flow);

    private static (string, string, string)[] Texts(IEnumerable<FlowChange> changes) =>
        [.. changes.Select(c => (c.Change.ToString(), c.State, c.PreviousState))];
}
