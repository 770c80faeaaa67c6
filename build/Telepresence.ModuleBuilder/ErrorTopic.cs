using System.Text;
using Telepresence.Client.Errors;

namespace Telepresence.ModuleBuilder;

/// <summary>about_Telepresence_Errors: a section for each error of the catalogue, so that no id goes unexplained.</summary>
internal static class ErrorTopic
{
    private const int Width = 110;

    public static string Write(IEnumerable<ErrorEntry> entries)
    {
        var text = new StringBuilder(
            """
            TOPIC
                about_Telepresence_Errors

            SHORT DESCRIPTION
                Every error of the module: its id, what it says, and what to do.

            LONG DESCRIPTION
                Ids stay the same from release to release. FullyQualifiedErrorId of an error record begins with the id,
                CategoryInfo.Category is its category, TargetObject is what it is about, and
                ErrorDetails.RecommendedAction a command to paste. Names in braces stand for what the error fills in.

                    try { Connect-Telepresence } catch { $_.FullyQualifiedErrorId; $_.ErrorDetails.RecommendedAction }

            ERRORS

            """
        );
        foreach (var entry in entries.OrderBy(e => e.Id.ToString(), StringComparer.Ordinal))
        {
            text.AppendLine().AppendLine($"    {entry.Id}  ({entry.Category})");
            Append(text, entry.Message);
            Append(text, $"> {entry.RecommendedAction}");
        }
        return text.AppendLine().AppendLine("SEE ALSO").AppendLine("    about_Telepresence").ToString();
    }

    private static void Append(StringBuilder text, string paragraph)
    {
        const string indent = "        ";
        var line = new StringBuilder(indent);
        foreach (var word in paragraph.Split(' '))
        {
            if (line.Length > indent.Length && line.Length + word.Length > Width)
            {
                text.AppendLine(line.ToString().TrimEnd());
                line.Clear().Append(indent);
            }
            line.Append(word).Append(' ');
        }
        text.AppendLine(line.ToString().TrimEnd());
    }
}
