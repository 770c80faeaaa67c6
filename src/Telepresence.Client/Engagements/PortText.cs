using System.Globalization;
using Telepresence.Client.Errors;
using Telepresence.Client.Objects;

namespace Telepresence.Client.Engagements;

/// <summary>What the forms of ports have in common.</summary>
internal static class PortText
{
    /// <summary>IANA service names, as Kubernetes has them, are this long at most.</summary>
    private const int LongestName = 15;

    /// <exception cref="TelepresenceException">InvalidEngagementPort.</exception>
    public static (string Port, TransportProtocol? Protocol) SplitProtocol(string text, string parameter)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0)
        {
            return (text, null);
        }
        return
            Enum.TryParse<TransportProtocol>(text.AsSpan(slash + 1), ignoreCase: true, out var protocol)
            && !char.IsAsciiDigit(text[^1])
            ? (text[..slash], protocol)
            : throw Invalid(text, parameter, $"'{text[(slash + 1)..]}' is neither TCP nor UDP");
    }

    public static bool IsNumber(string text) => text.Length > 0 && text.All(char.IsAsciiDigit);

    public static bool IsName(string text) =>
        text.Length is > 0 and <= LongestName
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c == '-')
        && text.Any(char.IsAsciiLetter);

    /// <exception cref="TelepresenceException">InvalidEngagementPort.</exception>
    public static int Number(string digits, string text, string parameter) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && number is > 0 and <= ushort.MaxValue
            ? number
            : throw Invalid(text, parameter, $"'{digits}' is not a number from 1 to 65535");

    public static TelepresenceException Invalid(string text, string parameter, string reason) =>
        ErrorCatalogue.Error(
            ErrorId.InvalidEngagementPort,
            text,
            ("value", text),
            ("parameter", parameter),
            ("reason", reason)
        );
}
