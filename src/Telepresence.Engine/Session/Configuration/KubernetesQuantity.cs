using System.Globalization;

namespace Telepresence.Engine.Session.Configuration;

/// <summary>Quantities as Kubernetes writes them: <c>4Mi</c>, <c>1.5k</c>, <c>1e6</c> (resource.Quantity).</summary>
internal static class KubernetesQuantity
{
    private static readonly string[] _binary = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    private static readonly string[] _decimal = ["k", "M", "G", "T", "P", "E"];

    /// <summary>Reads a whole, non-negative quantity.</summary>
    public static bool TryParse(string text, out long value)
    {
        value = 0;
        var (digits, factor) = Split(text);
        if (
            !decimal.TryParse(
                digits,
                NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent,
                CultureInfo.InvariantCulture,
                out var number
            )
            || number < 0
            || number > long.MaxValue / factor
        )
            return false;
        var product = number * factor;
        value = (long)product;
        return value == product;
    }

    /// <summary>With the biggest binary suffix that leaves a whole number.</summary>
    public static string ToText(long value)
    {
        for (var i = _binary.Length - 1; i >= 0; i--)
        {
            var factor = 1L << (10 * (i + 1));
            if (value >= factor && value % factor == 0)
                return $"{value / factor}{_binary[i]}";
        }
        return value.ToString(CultureInfo.InvariantCulture);
    }

    private static (string Digits, decimal Factor) Split(string text)
    {
        for (var i = 0; i < _binary.Length; i++)
        {
            if (text.EndsWith(_binary[i], StringComparison.Ordinal))
                return (text[..^2], 1L << (10 * (i + 1)));
            if (text.EndsWith(_decimal[i], StringComparison.Ordinal))
                return (text[..^1], (decimal)Math.Pow(1000, i + 1));
        }
        return (text, 1);
    }
}
