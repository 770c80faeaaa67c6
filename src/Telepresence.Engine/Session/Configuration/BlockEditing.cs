namespace Telepresence.Engine.Session.Configuration;

/// <summary>Finds the span of a YAML text to replace for one key, so that every other line stays as it is.</summary>
internal static class BlockEditing
{
    private const int IndentStep = 2;

    /// <param name="root">Null where the text says nothing.</param>
    public static TextEdit Set(string text, YamlMap? root, ReadOnlySpan<string> path, object value)
    {
        if (root is null)
            return Append(text, path, value);
        var map = root;
        var depth = 0;
        while (true)
        {
            if (map.Find(path[depth]) is not { } pair)
                return Insert(text, map, path[depth..], value);
            depth++;
            if (depth == path.Length)
                return Replace(text, map, pair, value);
            if (pair.Value is YamlMap section)
                map = section;
            else
                return Fill(text, map, pair, path[depth..], value);
        }
    }

    /// <summary>Null where the key shares its line with something else.</summary>
    public static TextEdit? Remove(string text, YamlMap root, ReadOnlySpan<string> path)
    {
        var map = root;
        foreach (var section in path[..^1])
            map = (YamlMap)map.Find(section)!.Value;
        var pair = map.Find(path[^1])!;
        if (map.IsFlow)
            return RemoveFromFlow(map, pair);
        var start = Lines.StartOf(text, pair.Key.Start);
        return text.AsSpan(start, pair.Key.Start - start).IsWhiteSpace()
            ? new TextEdit(start, Lines.EndOfSpan(text, pair.End), "")
            : null;
    }

    private static TextEdit RemoveFromFlow(YamlMap map, YamlPair pair)
    {
        var index = map.Pairs.TakeWhile(p => p != pair).Count();
        if (index > 0)
            return new TextEdit(map.Pairs[index - 1].End, pair.End, "");
        var end = map.Pairs.Count > 1 ? map.Pairs[1].Key.Start : map.End - 1;
        return new TextEdit(pair.Key.Start, end, "");
    }

    /// <summary>A key that is there gets another value.</summary>
    private static TextEdit Replace(string text, YamlMap map, YamlPair pair, object value)
    {
        if (
            pair.Value is YamlList { IsFlow: false, Items.Count: > 0 } list
            && YamlWriting.Elements(value) is { } elements
        )
        {
            return elements.Count > 0 ? BlockListEditing.Replace(text, list, elements) : EmptyList(text, pair, list);
        }
        return IsNothing(pair.Value)
            ? new TextEdit(AfterColon(text, pair), AfterColon(text, pair), " " + YamlWriting.ToYaml(value))
            : new TextEdit(
                pair.Value.Start,
                // A block ends with its line break.
                pair.Value
                    is YamlText { IsPlain: false }
                        or YamlMap { IsFlow: false }
                        or YamlList { IsFlow: false }
                    ? Lines.TrimEnd(text, pair.Value.End)
                    : pair.Value.End,
                (pair.Value.Start == pair.Key.End + 1 ? " " : "") + YamlWriting.ToYaml(value)
            );
    }

    /// <summary>The items go, a comment behind the key stays.</summary>
    private static TextEdit EmptyList(string text, YamlPair pair, YamlList list)
    {
        var colon = AfterColon(text, pair);
        var between = text[colon..Math.Max(colon, Lines.StartOf(text, list.Start))];
        return new TextEdit(colon, Lines.EndOfSpan(text, list.End), " []" + between);
    }

    /// <summary>A section that is there without content.</summary>
    private static TextEdit Fill(string text, YamlMap map, YamlPair pair, ReadOnlySpan<string> path, object value)
    {
        if (map.IsFlow)
            return IsNothing(pair.Value)
                ? new TextEdit(AfterColon(text, pair), AfterColon(text, pair), $" {{{Flow(path, value)}}}")
                : new TextEdit(pair.Value.Start, pair.Value.End, $"{{{Flow(path, value)}}}");
        if (!IsNothing(pair.Value))
            return new TextEdit(pair.Value.Start, pair.Value.End, $"{{{Flow(path, value)}}}");
        return InsertLine(text, AfterColon(text, pair), pair.Key.Column - 1 + IndentStep, path, value);
    }

    private static TextEdit Insert(string text, YamlMap map, ReadOnlySpan<string> path, object value)
    {
        if (!map.IsFlow)
            return InsertLine(text, map.Pairs[^1].End, map.Pairs[0].Key.Column - 1, path, value);
        return map.Pairs.Count > 0
            ? new TextEdit(map.Pairs[^1].End, map.Pairs[^1].End, $", {Flow(path, value)}")
            : new TextEdit(map.Start + 1, map.Start + 1, Flow(path, value));
    }

    private static TextEdit Append(string text, ReadOnlySpan<string> path, object value)
    {
        var block = Block(0, path, value, Lines.BreakOf(text));
        // A root that says null stands on a line of its own.
        var word = Lines.FindWord(text, "null") ?? Lines.FindWord(text, "~");
        return word is { } start
            ? new TextEdit(start, Lines.EndOf(text, start), block)
            : new TextEdit(text.Length, text.Length, Lines.MissingBreak(text, text.Length) + block);
    }

    /// <summary>New lines below the line of <paramref name="after"/>.</summary>
    private static TextEdit InsertLine(string text, int after, int indent, ReadOnlySpan<string> path, object value)
    {
        var at = Lines.EndOfSpan(text, after);
        return new TextEdit(at, at, Lines.MissingBreak(text, at) + Block(indent, path, value, Lines.BreakOf(text)));
    }

    private static string Block(int indent, ReadOnlySpan<string> path, object value, string lineBreak)
    {
        var block = "";
        for (var i = 0; i < path.Length; i++)
        {
            block += new string(' ', indent + i * IndentStep) + path[i] + ":";
            block += (i == path.Length - 1 ? " " + YamlWriting.ToYaml(value) : "") + lineBreak;
        }
        return block;
    }

    private static string Flow(ReadOnlySpan<string> path, object value) =>
        path.Length == 1 ? $"{path[0]}: {YamlWriting.ToYaml(value)}" : $"{path[0]}: {{{Flow(path[1..], value)}}}";

    private static bool IsNothing(YamlTreeNode value) => value is YamlText { Value: "", IsPlain: true };

    /// <summary>Behind the colon of a key, where there is one right after it.</summary>
    private static int AfterColon(string text, YamlPair pair)
    {
        var colon = text.IndexOf(':', Math.Min(pair.Key.End, text.Length));
        return colon < 0 ? pair.Key.End : colon + 1;
    }
}
