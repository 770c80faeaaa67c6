namespace Telepresence.Engine.Session.Configuration;

/// <summary>Lines of a text, whose breaks may be LF or CR LF.</summary>
internal static class Lines
{
    /// <summary>Index of the first character of the line.</summary>
    public static int StartOf(string text, int index) =>
        index == 0 ? 0 : text.LastIndexOf('\n', Math.Min(index, text.Length) - 1) + 1;

    /// <summary>Index behind the line's break, or the text's end.</summary>
    public static int EndOf(string text, int index) =>
        text.IndexOf('\n', Math.Min(index, text.Length)) is >= 0 and var at ? at + 1 : text.Length;

    /// <summary>Where the last line of a span ends; a block's own span may include its break.</summary>
    public static int EndOfSpan(string text, int end) => IsLineStart(text, end) ? end : EndOf(text, end);

    /// <summary>Whether the character before is a line break.</summary>
    public static bool IsLineStart(string text, int index) =>
        index > 0 && index <= text.Length && text[index - 1] == '\n';

    /// <summary>The break that is missing before an insertion there.</summary>
    public static string MissingBreak(string text, int index) =>
        index == 0 || IsLineStart(text, index) ? "" : BreakOf(text);

    /// <summary>The break that the text uses.</summary>
    public static string BreakOf(string text) => text.Contains("\r\n", StringComparison.Ordinal) ? "\r\n" : "\n";

    /// <summary>Where the text before <paramref name="end"/> ends but for white space.</summary>
    public static int TrimEnd(string text, int end) => text.AsSpan(0, Math.Min(end, text.Length)).TrimEnd().Length;

    /// <summary>Where a line consists of that word alone; null when none does.</summary>
    public static int? FindWord(string text, string word)
    {
        for (var start = 0; start < text.Length; )
        {
            var end = text.IndexOf('\n', start) is >= 0 and var at ? at : text.Length;
            if (text.AsSpan(start, end - start).Trim().SequenceEqual(word))
                return start;
            start = end + 1;
        }
        return null;
    }
}
