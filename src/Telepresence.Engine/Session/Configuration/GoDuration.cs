using System.Globalization;

namespace Telepresence.Engine.Session.Configuration;

/// <summary>Durations as config.yml writes them: Go strings such as <c>1h2m3.5s</c>, or plain seconds (PROTOCOL §5.1).</summary>
internal static class GoDuration
{
    /// <summary>Parses a duration; negative ones are refused.</summary>
    public static bool TryParse(string? text, out TimeSpan duration)
    {
        duration = default;
        if (string.IsNullOrWhiteSpace(text))
            return false;
        text = text.Trim();
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds))
            return TryFromSeconds(seconds, out duration);
        double total = 0;
        var rest = text.AsSpan();
        while (!rest.IsEmpty)
        {
            var digits = rest.IndexOfAnyExcept("0123456789.");
            if (
                digits <= 0
                || !double.TryParse(
                    rest[..digits],
                    NumberStyles.AllowDecimalPoint,
                    CultureInfo.InvariantCulture,
                    out var value
                )
            )
                return false;
            rest = rest[digits..];
            var letters = rest.IndexOfAny("0123456789.");
            var unit = letters < 0 ? rest : rest[..letters];
            var factor = SecondsPer(unit);
            if (factor == 0)
                return false;
            total += value * factor;
            rest = rest[unit.Length..];
        }
        return TryFromSeconds(total, out duration);
    }

    /// <summary>The shortest Go string: <c>1m2.5s</c>, <c>500ms</c>, <c>24h</c>.</summary>
    public static string ToText(TimeSpan duration)
    {
        if (duration == TimeSpan.Zero)
            return "0s";
        if (duration < TimeSpan.FromSeconds(1))
            return string.Create(CultureInfo.InvariantCulture, $"{duration.TotalMilliseconds:0.####}ms");
        var hours = Math.Floor(duration.TotalHours);
        var seconds = (duration.Ticks % TimeSpan.TicksPerMinute) / (double)TimeSpan.TicksPerSecond;
        return Part(hours, "h") + Part(duration.Minutes, "m") + Part(seconds, "s");
    }

    private static string Part(double count, string unit) =>
        count == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{count:0.#######}{unit}");

    private static double SecondsPer(ReadOnlySpan<char> unit) =>
        unit switch
        {
            "ns" => 1e-9,
            "us" or "µs" or "μs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1,
            "m" => 60,
            "h" => 3600,
            _ => 0,
        };

    private static bool TryFromSeconds(double seconds, out TimeSpan duration)
    {
        var valid = double.IsFinite(seconds) && seconds < TimeSpan.MaxValue.TotalSeconds / 2;
        duration = valid ? TimeSpan.FromSeconds(seconds) : default;
        return valid;
    }
}
