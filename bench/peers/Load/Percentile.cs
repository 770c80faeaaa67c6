namespace Telepresence.Peers.Load;

/// <summary>Nearest rank.</summary>
internal static class Percentile
{
    public static double Of(IReadOnlyCollection<double> values, double rank)
    {
        if (values.Count == 0)
        {
            return double.NaN;
        }
        var sorted = values.Order().ToArray();
        return sorted[Math.Clamp((int)Math.Ceiling(rank * sorted.Length) - 1, 0, sorted.Length - 1)];
    }
}
