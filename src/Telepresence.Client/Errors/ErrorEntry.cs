using System.Text.RegularExpressions;

namespace Telepresence.Client.Errors;

/// <summary>An error that users may see. Templates name their values in braces: <c>{subnet}</c>.</summary>
/// <param name="Id">Id.</param>
/// <param name="Category">PowerShell's category.</param>
/// <param name="Message">What happened and in short the way out.</param>
/// <param name="RecommendedAction">A command line to paste; begins with a command.</param>
public sealed partial record ErrorEntry(
    ErrorId Id,
    TelepresenceErrorCategory Category,
    string Message,
    string RecommendedAction
)
{
    /// <summary>Section of about_Telepresence_Errors, which the build writes from the catalogue.</summary>
    public string HelpAnchor => AnchorOf(Id.ToString());

    /// <summary>The section of an id.</summary>
    public static string AnchorOf(string id) => $"about_Telepresence_Errors#{id}";

    /// <summary>Names of the values in both templates.</summary>
    public IReadOnlyList<string> Placeholders =>
        [.. PlaceholderPattern().Matches(Message + RecommendedAction).Select(m => m.Groups[1].Value).Distinct()];

    /// <summary>A template with its values; one that was not given reads as <c>NAME</c>, as a command's help would write it.</summary>
    internal static string Fill(string template, ReadOnlySpan<(string Name, object? Value)> values)
    {
        var filled = template;
        foreach (var (name, value) in values)
        {
            filled = filled.Replace($"{{{name}}}", value?.ToString() ?? "", StringComparison.Ordinal);
        }
        return PlaceholderPattern().Replace(filled, m => m.Groups[1].Value.ToUpperInvariant());
    }

    [GeneratedRegex(@"\{([a-zA-Z]+)\}")]
    private static partial Regex PlaceholderPattern();
}
