namespace Telepresence.Peers.Report;

/// <summary>What a run is to reach.</summary>
/// <param name="Measure">What it is about, for people.</param>
/// <param name="Text">What is asked, for people.</param>
/// <param name="Limit">The figure that it is compared with.</param>
/// <param name="IsMinimum">False: not more than the limit.</param>
/// <param name="Value">Taken from the medians; null where one of them was not measured in this run.</param>
internal sealed record Target(string Measure, string Text, double Limit, bool IsMinimum, Func<Figures, double?> Value)
{
    /// <summary>Null: cannot be told from this run.</summary>
    public bool? IsMet(Figures figures) =>
        Value(figures) is { } value ? (IsMinimum ? value >= Limit : value <= Limit) : null;
}
