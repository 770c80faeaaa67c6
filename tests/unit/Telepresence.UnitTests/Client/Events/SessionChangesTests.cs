using Telepresence.Client.Contract;
using Telepresence.Client.Events;
using Telepresence.Client.Objects;

namespace Telepresence.UnitTests.Client.Events;

public class SessionChangesTests
{
    private readonly SessionChanges _changes = new(null, TimeProvider.System);

    [Fact]
    public void A_new_session_has_no_state_before()
    {
        var told = Assert.Single(_changes.See(Session(SessionState.Connected)));

        Assert.Equal(TelepresenceEventName.StateChanged, told.EventName);
        Assert.Null(told.PreviousState);
        Assert.Equal("demo", told.SessionName);
    }

    [Fact]
    public void The_same_view_again_is_no_event()
    {
        _changes.Begin(Session(SessionState.Connected));

        Assert.Empty(_changes.See(Session(SessionState.Connected)));
    }

    [Fact]
    public void Subnets_that_moved_are_an_event_of_their_own()
    {
        _changes.Begin(Session(SessionState.Connected, "10.96.0.0/16"));
        var moved = Session(SessionState.Connected);
        moved.TranslatedSubnets = ["10.96.0.0/16"];

        Assert.Equal(TelepresenceEventName.SubnetChanged, Assert.Single(_changes.See(moved)).EventName);
    }

    [Fact]
    public void An_error_is_told_once()
    {
        _changes.Begin(Session(SessionState.Connected));
        var failing = Session(SessionState.Reconnecting).With(SessionState.Reconnecting, "ClusterUnreachable", "away");

        Assert.Equal(
            [TelepresenceEventName.StateChanged, TelepresenceEventName.ErrorOccurred],
            _changes.See(failing).Select(e => e.EventName)
        );
        Assert.Empty(_changes.See(failing));
    }

    [Fact]
    public void A_session_that_comes_back_is_new()
    {
        _changes.Begin(Session(SessionState.Connected));

        Assert.Equal(
            SessionState.Connected,
            Assert.Single(_changes.See(Session(SessionState.Disconnected))).PreviousState
        );
        Assert.Null(Assert.Single(_changes.See(Session(SessionState.Connected))).PreviousState);
    }

    [Fact]
    public void Sessions_of_an_engine_that_is_gone_have_failed()
    {
        _changes.Begin(Session(SessionState.Connected));

        var told = _changes.Lose();

        Assert.Equal(
            [TelepresenceEventName.StateChanged, TelepresenceEventName.ErrorOccurred],
            told.Select(e => e.EventName)
        );
        Assert.All(told, e => Assert.Equal(SessionState.Failed, e.Session!.State));
        Assert.Equal("EngineUnavailable", told[0].Session!.LastErrorId);
        Assert.Empty(_changes.Lose());
    }

    [Fact]
    public void Other_sessions_than_the_one_asked_for_are_passed_over()
    {
        var changes = new SessionChanges("other", TimeProvider.System);

        Assert.Empty(changes.See(Session(SessionState.Connected)));
        Assert.Empty(changes.See(new ConflictNotice("demo", new TelepresenceConflict())));
        Assert.Empty(changes.See(new TelepresenceConnectionChange { Session = "demo" }));
    }

    private static TelepresenceSession Session(SessionState state, params string[] subnets) =>
        new()
        {
            Name = "demo",
            State = state,
            Subnets = subnets,
        };
}
