using Telepresence.Protocol.Manager;

namespace Telepresence.TrafficManager.Intercepts;

/// <summary>What changed of the intercepts that a peer sees.</summary>
internal static class InterceptDelta
{
    /// <summary>Tells what changed since it was asked last; the first answer is everything, even if that is nothing.</summary>
    public static Func<IReadOnlyList<Intercept>, InterceptInfoDelta?> Encoder()
    {
        Dictionary<string, InterceptInfo>? known = null;
        return visible =>
        {
            var delta = new InterceptInfoDelta();
            foreach (var intercept in visible)
                if (known?.GetValueOrDefault(intercept.Id) != intercept.Info)
                    delta.Upserts.Add(intercept.Id, intercept.Info);
            delta.Removals.AddRange(known?.Keys.Except(visible.Select(i => i.Id)) ?? []);
            var isFirst = known is null;
            known = visible.ToDictionary(i => i.Id, i => i.Info);
            return isFirst || delta.Upserts.Count > 0 || delta.Removals.Count > 0 ? delta : null;
        };
    }
}
