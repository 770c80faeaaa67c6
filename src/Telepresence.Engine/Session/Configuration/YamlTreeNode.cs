namespace Telepresence.Engine.Session.Configuration;

/// <summary>A node of a YAML text and where it stands in it.</summary>
/// <param name="Start">Index of its first character.</param>
/// <param name="End">Index behind its last character.</param>
/// <param name="Line">From 1.</param>
/// <param name="Column">From 1.</param>
internal abstract record YamlTreeNode(int Start, int End, int Line, int Column)
{
    /// <summary>Nothing was said: <c>key:</c>, <c>~</c> or <c>null</c>.</summary>
    public bool IsNull => this is YamlText { IsPlain: true, Value: "" or "~" or "null" or "Null" or "NULL" };
}

/// <summary>A scalar.</summary>
/// <param name="IsPlain">Without quotes, and not a block.</param>
internal sealed record YamlText(string Value, bool IsPlain, int Start, int End, int Line, int Column)
    : YamlTreeNode(Start, End, Line, Column);

/// <summary>A sequence.</summary>
/// <param name="IsFlow">In brackets.</param>
internal sealed record YamlList(
    IReadOnlyList<YamlTreeNode> Items,
    bool IsFlow,
    int Start,
    int End,
    int Line,
    int Column
) : YamlTreeNode(Start, End, Line, Column);

/// <summary>A mapping, its keys in their order.</summary>
/// <param name="IsFlow">In braces.</param>
internal sealed record YamlMap(IReadOnlyList<YamlPair> Pairs, bool IsFlow, int Start, int End, int Line, int Column)
    : YamlTreeNode(Start, End, Line, Column)
{
    public YamlPair? Find(string key) => Pairs.FirstOrDefault(p => p.Key.Value == key);
}

/// <summary>A key and its value.</summary>
internal sealed record YamlPair(YamlText Key, YamlTreeNode Value)
{
    public int End => Math.Max(Key.End, Value.End);
}
