using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Telepresence.Engine.Session.Configuration;

/// <summary>
/// Reads YAML into nodes that know their place, for messages with line and column and for edits that leave the rest of the
/// text alone. (YamlDotNet's own tree does not know where a collection ends, and recurses as deep as the text says.)
/// </summary>
internal sealed class YamlTree
{
    private const int MaximumLength = 1 << 20;
    private const int MaximumDepth = 32;

    private readonly Dictionary<AnchorName, YamlTreeNode> _anchors = [];
    private readonly Parser _parser;
    private int _depth;

    private YamlTree(string text) => _parser = new Parser(new StringReader(text));

    /// <summary>The root of the first document; null when the text has none, or it says nothing.</summary>
    /// <exception cref="YamlException">Not YAML, a key twice, too deep or too long.</exception>
    public static YamlTreeNode? Parse(string text)
    {
        if (text.Length > MaximumLength)
            throw new YamlException($"it has more than {MaximumLength} characters");
        try
        {
            var root = new YamlTree(text).Document();
            return root is { IsNull: true } ? null : root;
        }
#pragma warning disable CA1031 // The parser throws errors of many kinds at malformed text, also such as tell a fault of its own.
        catch (Exception e) when (e is not YamlException)
#pragma warning restore CA1031
        {
            throw new YamlException(e.Message, e);
        }
    }

    private YamlTreeNode? Document()
    {
        YamlTreeNode? root = null;
        var documents = 0;
        while (_parser.MoveNext())
        {
            if (_parser.Current is DocumentStart)
            {
                documents++;
                _anchors.Clear();
            }
            else if (_parser.Current is NodeEvent or AnchorAlias)
            {
                // Later documents are looked at only for their syntax.
                var node = Node();
                root = documents == 1 ? node : root;
            }
        }
        return root;
    }

    private YamlTreeNode Node()
    {
        if (_parser.Current is AnchorAlias alias)
        {
            return _anchors.TryGetValue(alias.Value, out var known)
                ? known with
                {
                    Start = Index(alias.Start),
                    End = Index(alias.End),
                    Line = (int)alias.Start.Line,
                    Column = (int)alias.Start.Column,
                }
                : throw new YamlException(alias.Start, alias.End, $"nothing before it has the anchor '{alias.Value}'");
        }
        var first = (NodeEvent)_parser.Current!;
        if (++_depth > MaximumDepth)
            throw new YamlException(first.Start, first.End, $"it is nested more than {MaximumDepth} deep");
        YamlTreeNode node = first switch
        {
            Scalar scalar => Text(scalar),
            SequenceStart sequence => List(sequence),
            MappingStart mapping => Map(mapping),
            _ => throw new YamlException(first.Start, first.End, "unknown node"),
        };
        _depth--;
        if (!first.Anchor.IsEmpty)
            _anchors[first.Anchor] = node;
        return node;
    }

    private static YamlText Text(Scalar scalar) =>
        new(
            scalar.Value,
            scalar.Style == ScalarStyle.Plain,
            Index(scalar.Start),
            Index(scalar.End),
            (int)scalar.Start.Line,
            (int)scalar.Start.Column
        );

    private YamlList List(SequenceStart start)
    {
        var items = new List<YamlTreeNode>();
        while (Next() is not SequenceEnd)
            items.Add(Node());
        var isFlow = start.Style == SequenceStyle.Flow;
        return new YamlList(
            items,
            isFlow,
            Index(start.Start),
            EndOf(isFlow, start.Start, items),
            (int)start.Start.Line,
            (int)start.Start.Column
        );
    }

    private YamlMap Map(MappingStart start)
    {
        var pairs = new List<YamlPair>();
        var keys = new HashSet<string>(StringComparer.Ordinal);
        while (Next() is not MappingEnd)
        {
            var at = _parser.Current!.Start;
            if (Node() is not YamlText key)
                throw new YamlException(at, at, "a key must be text");
            if (!keys.Add(key.Value))
                throw new YamlException(at, at, $"the key '{key.Value}' is here for the second time");
            Next();
            pairs.Add(new YamlPair(key, Node()));
        }
        var isFlow = start.Style == MappingStyle.Flow;
        return new YamlMap(
            pairs,
            isFlow,
            Index(start.Start),
            EndOf(isFlow, start.Start, pairs.Select(p => p.Value)),
            (int)start.Start.Line,
            (int)start.Start.Column
        );
    }

    private ParsingEvent Next() =>
        _parser.MoveNext() ? _parser.Current! : throw new YamlException("it ends in the middle of a node");

    /// <summary>A block ends, for the parser, where the next thing begins; here it ends with its last node.</summary>
    private int EndOf(bool isFlow, Mark start, IEnumerable<YamlTreeNode> children) =>
        isFlow ? Index(_parser.Current!.Start) + 1 : children.Select(c => c.End).DefaultIfEmpty(Index(start)).Max();

    private static int Index(Mark mark) => (int)mark.Index;
}
