namespace Telepresence.Engine.Session.Configuration;

/// <summary>Changes a list that has an item a line: items that stay keep their line with its comment.</summary>
internal static class BlockListEditing
{
    /// <param name="elements">The new items as YAML; at least one.</param>
    public static TextEdit Replace(string text, YamlList list, IReadOnlyList<string> elements)
    {
        var start = Lines.StartOf(text, list.Start);
        var end = Lines.EndOfSpan(text, list.End);
        var lineBreak = Lines.BreakOf(text);
        var indent = new string(' ', list.Column - 1);
        var lines = list.Items.Select(item => LinesOf(text, list, item)).ToArray();
        var keptAs = Kept([.. list.Items.Select(ContentOf)], [.. elements.Select(ContentOf)]);
        var result = new System.Text.StringBuilder();
        var position = start;
        for (int i = 0, j = 0; i < lines.Length || j < elements.Count; )
        {
            if (i < lines.Length && keptAs[i] is null)
            {
                // What stands between the items, comments and blank lines, stays.
                result.Append(text.AsSpan(position, lines[i].Start - position));
                position = lines[i++].End;
            }
            else if (i < lines.Length && keptAs[i] == j)
            {
                result.Append(text.AsSpan(position, lines[i].End - position));
                position = lines[i++].End;
                j++;
            }
            else
            {
                if (i == lines.Length && result.Length > 0 && result[^1] != '\n')
                    result.Append(lineBreak);
                result.Append(indent).Append("- ").Append(elements[j++]).Append(lineBreak);
            }
        }
        return new TextEdit(start, end, result.ToString());
    }

    private static (int Start, int End) LinesOf(string text, YamlList list, YamlTreeNode item)
    {
        var dash = text.LastIndexOf('-', Math.Max(item.Start - 1, list.Start), Math.Max(item.Start - list.Start, 1));
        return (Lines.StartOf(text, Math.Max(dash, list.Start)), Lines.EndOfSpan(text, item.End));
    }

    /// <summary>Of each old item, the new one that it stays as; null where it goes. Both orders are kept.</summary>
    private static int?[] Kept(string[] old, string[] made)
    {
        var next = 0;
        return
        [
            .. old.Select(item =>
            {
                var at = Array.IndexOf(made, item, next);
                next = at < 0 ? next : at + 1;
                return at < 0 ? (int?)null : at;
            }),
        ];
    }

    private static string ContentOf(string yaml) => ContentOf(YamlTree.Parse(yaml)!);

    private static string ContentOf(YamlTreeNode node) =>
        node switch
        {
            YamlText text => text.Value,
            YamlMap map => string.Join('\n', map.Pairs.Select(p => $"{p.Key.Value}\t{ContentOf(p.Value)}")),
            YamlList list => string.Join('\n', list.Items.Select(ContentOf)),
            _ => "",
        };
}
