using Telepresence.Client.Errors;
using Telepresence.Client.Objects;
using Telepresence.Engine.Manager;
using Telepresence.Protocol.Manager;

namespace Telepresence.Engine.Engagements;

internal sealed partial class EngagementSet
{
    /// <summary>The session's intercepts as the manager has them now.</summary>
    private void Apply(InterceptInfoSnapshot snapshot)
    {
        foreach (var engagement in All)
        {
            var info = snapshot.Intercepts.FirstOrDefault(i => i.Spec?.Name == engagement.Name);
            if (info is not null)
                engagement.Update(info);
            else if (engagement.State == EngagementState.Active && engagement.Info is not null)
                Recreate(engagement);
        }
    }

    /// <summary>
    /// The manager has lost one that worked: it was replaced, or somebody removed it there. It is asked for once more; what is
    /// refused then stays ended.
    /// </summary>
    private void Recreate(Engagement engagement)
    {
        if (Volatile.Read(ref _feed)?.Connection is not { } connection)
            return;
        engagement.SetState(EngagementState.Reconnecting, "the traffic-manager has it no more");
        _restoring.TryRun(token => RestoreAsync([engagement], connection, token));
    }

    /// <summary>Agents that the manager knows: the pod of an ingest may have been replaced.</summary>
    private void Apply(AgentInfoSnapshot snapshot)
    {
        foreach (var engagement in All.Where(e => e.Plan.Kind == EngagementKind.Ingest))
        {
            if (engagement.State is not (EngagementState.Active or EngagementState.Waiting) || !engagement.IsServed)
                continue;
            var agents = snapshot
                .Agents.Where(a => a.Name == engagement.Plan.Workload && a.Namespace == _context.Namespace)
                .ToList();
            if (agents.Exists(engagement.IsServedBy))
                continue;
            engagement.SetState(EngagementState.Waiting, "its pod is gone");
            try
            {
                if (agents.Count > 0)
                    engagement.Serve(_calls.Choose(agents, engagement.Plan));
                else
                    Recreate(engagement);
            }
            catch (TelepresenceException e)
            {
                engagement.Fail(e);
            }
        }
    }

    /// <summary>Asks for them again until the manager has them, or refuses for good.</summary>
    private async Task RestoreAsync(
        Engagement[] engagements,
        ManagerConnection connection,
        CancellationToken cancellationToken
    )
    {
        await FeedAsync(cancellationToken).ConfigureAwait(false);
        await Task.WhenAll(engagements.Select(e => RestoreAsync(e, connection, cancellationToken)))
            .ConfigureAwait(false);
    }

    private async Task RestoreAsync(
        Engagement engagement,
        ManagerConnection connection,
        CancellationToken cancellationToken
    )
    {
        using var either = engagement.BeginRestoration(cancellationToken);
        var backOff = new BackOff(_firstPause, _longestPause, _context.Time);
        try
        {
            // A newer session restores by itself.
            while (ReferenceEquals(connection, _context.Connection()))
            {
                try
                {
                    await EngageAgainAsync(engagement, connection, either.Token).ConfigureAwait(false);
                    return;
                }
                catch (TelepresenceException e) when (MayPass(e))
                {
                    engagement.SetState(EngagementState.Reconnecting, e.Message);
                }
                catch (TelepresenceException e)
                {
                    engagement.Fail(e);
                    return;
                }
                await backOff.WaitAsync(either.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // It was removed, or is being restored anew.
        }
    }

    private async Task EngageAgainAsync(
        Engagement engagement,
        ManagerConnection connection,
        CancellationToken cancellationToken
    )
    {
        try
        {
            await EngageAsync(engagement, connection, new Unreported(), cancellationToken).ConfigureAwait(false);
        }
        catch (TelepresenceException e) when (e.Is(ErrorId.EngagementExists))
        {
            // It has it after all: the session was taken over.
            await engagement.WaitUntilActiveAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private static bool MayPass(TelepresenceException e) =>
        e.Is(ErrorId.EngagementNotActive) || e.Is(ErrorId.AgentNotArrived) || e.Is(ErrorId.ManagerUnavailable);

    private sealed class Unreported : IProgress<string>
    {
        public void Report(string value)
        {
            // Nobody waits for a restoration.
        }
    }
}
