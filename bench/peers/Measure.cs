using Telepresence.Peers.Lab;

namespace Telepresence.Peers;

/// <summary>One thing to measure.</summary>
/// <param name="Name">For <c>--only</c>.</param>
/// <param name="Figures">What comes of it: name and unit.</param>
/// <param name="AppliesTo">Whether a column has such a thing at all.</param>
/// <param name="Take">Measures a column for some seconds; null: the column has no such figure.</param>
internal sealed record Measure(
    string Name,
    IReadOnlyList<(string Name, string Unit)> Figures,
    Func<Column, bool> AppliesTo,
    Func<Column, double, Task<double?[]>> Take
);
