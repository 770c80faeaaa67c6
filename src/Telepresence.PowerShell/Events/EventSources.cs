using System.Collections.Concurrent;
using System.Management.Automation;
using Telepresence.Client.Events;

namespace Telepresence.PowerShell.Events;

/// <summary>What listens to engines in this process, each with the runspace whose event queue it feeds.</summary>
internal static class EventSources
{
    private static readonly ConcurrentDictionary<EngineEvents, Subscription> _all = new();

    /// <summary>Follows the source, and forgets it when its last subscriber is gone.</summary>
    public static void Add(EngineEvents source, PSEventManager manager, PSEventSubscriber subscriber)
    {
        _all[source] = new Subscription(manager, subscriber);
        source.Ended += ended => _all.TryRemove(ended, out _);
    }

    /// <summary>Ends those of one runspace, which removes the module; other runspaces keep theirs.</summary>
    /// <param name="manager">That runspace's.</param>
    public static void End(PSEventManager? manager)
    {
        foreach (var (source, subscription) in _all)
        {
            if (manager is null || ReferenceEquals(subscription.Manager, manager))
            {
                subscription.Manager.UnsubscribeEvent(subscription.Subscriber);
                source.DisposeAsync().AsTask().GetAwaiter().GetResult();
            }
        }
    }

    private sealed record Subscription(PSEventManager Manager, PSEventSubscriber Subscriber);
}
