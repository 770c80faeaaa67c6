using System.Text.RegularExpressions;

namespace Telepresence.UnitTests.PowerShell;

/// <summary>What module/Telepresence.psd1 lists.</summary>
internal static partial class ModuleManifest
{
    private static readonly string _text = File.ReadAllText(
        Path.Combine(CmdletTypes.Repository, "module", "Telepresence.psd1")
    );

    public static IReadOnlyList<string> Cmdlets => List("CmdletsToExport");

    public static IReadOnlyList<string> Functions => List("FunctionsToExport");

    private static string[] List(string key)
    {
        var list = Regex.Match(_text, key + @"\s*=\s*@\((.*?)\)", RegexOptions.Singleline);
        return [.. Quoted().Matches(list.Groups[1].Value).Select(m => m.Groups[1].Value)];
    }

    [GeneratedRegex("'([^']+)'")]
    private static partial Regex Quoted();
}
