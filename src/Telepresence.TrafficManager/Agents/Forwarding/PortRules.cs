using System.Collections.Immutable;

namespace Telepresence.TrafficManager.Agents.Forwarding;

/// <summary>Who gets what comes to a port.</summary>
/// <param name="Takers">Those that take connections or requests, in the order in which they are asked.</param>
/// <param name="Taps">Those that get a copy.</param>
internal sealed record PortRules(ImmutableArray<ServedIntercept> Takers, ImmutableArray<ServedIntercept> Taps)
{
    public static readonly PortRules None = new([], []);

    /// <summary>True: requests must be looked at, since not all go the same way.</summary>
    public bool IsSelective => Takers.Any(t => t.Filter.IsSelective) || Taps.Any(t => t.Filter.IsSelective);

    /// <summary>Where everything goes that no filter takes; null: to the application.</summary>
    public ServedIntercept? Unfiltered => Takers.FirstOrDefault(t => !t.Filter.IsSelective);

    /// <summary>True: what was sent somewhere under the other rules would go there under these.</summary>
    public bool SendAs(PortRules other) =>
        IsSelective == other.IsSelective
        && Takers.Length == other.Takers.Length
        && Takers.Zip(other.Takers, (one, another) => one.IsAs(another)).All(same => same);
}
