using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Telepresence.Engine.Packets;

namespace Telepresence.Engine.Capture;

/// <summary>Reads <see cref="PacketFilter"/>'s language by recursive descent.</summary>
internal sealed partial class PacketFilterParser
{
    /// <summary>Deeper than any person nests; the stack must hold.</summary>
    private const int MaximumDepth = 32;

    private readonly (string Word, int Column)[] _words;
    private readonly int _length;
    private int _next;
    private int _depth;

    public PacketFilterParser(string text)
    {
        _words = [.. Word().Matches(text).Select(m => (m.Value.ToLowerInvariant(), m.Index + 1))];
        _length = text.Length;
    }

    /// <exception cref="FormatException">No filter.</exception>
    public Func<PacketFacts, bool> Parse()
    {
        var filter = ParseOr();
        return Peek() is null ? filter : throw Unexpected("and, or");
    }

    private Func<PacketFacts, bool> ParseOr()
    {
        var left = ParseAnd();
        while (Take("or") || Take("||"))
        {
            var (one, other) = (left, ParseAnd());
            left = packet => one(packet) || other(packet);
        }
        return left;
    }

    private Func<PacketFacts, bool> ParseAnd()
    {
        var left = ParseNot();
        while (Take("and") || Take("&&") || Peek() is not (null or ")" or "or" or "||"))
        {
            var (one, other) = (left, ParseNot());
            left = packet => one(packet) && other(packet);
        }
        return left;
    }

    private Func<PacketFacts, bool> ParseNot()
    {
        if (++_depth > MaximumDepth)
            throw new FormatException($"it nests deeper than {MaximumDepth}");
        try
        {
            if (Take("not") || Take("!"))
            {
                var inner = ParseNot();
                return packet => !inner(packet);
            }
            if (!Take("("))
                return ParsePrimitive();
            var group = ParseOr();
            return Take(")") ? group : throw Unexpected(")");
        }
        finally
        {
            _depth--;
        }
    }

    private Func<PacketFacts, bool> ParsePrimitive()
    {
        if (Take("ip"))
            return packet => packet.Source.IsIPv4;
        if (Take("ip6"))
            return packet => !packet.Source.IsIPv4;
        if (Take("tcp"))
            return packet => packet.Protocol == IPProtocol.Tcp;
        if (Take("udp"))
            return packet => packet.Protocol == IPProtocol.Udp;
        if (Take("icmp"))
            return packet => packet.Protocol is IPProtocol.Icmp or IPProtocol.Icmpv6;
        var source = Take("src");
        var destination = !source && Take("dst");
        if (Take("host"))
        {
            var address = Value(
                "an address",
                text => IPAddress.TryParse(text, out var a) ? NetAddress.From(a) : (NetAddress?)null
            );
            return Ends(source, destination, p => p.Source == address, p => p.Destination == address);
        }
        if (Take("net"))
        {
            var net = Value("a subnet", text => IPNetwork.TryParse(text, out var n) ? n : (IPNetwork?)null);
            return Ends(
                source,
                destination,
                p => net.Contains(p.Source.ToIPAddress()),
                p => net.Contains(p.Destination.ToIPAddress())
            );
        }
        if (Take("port"))
        {
            var port = Value(
                "a port",
                text =>
                    ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var p) && p > 0
                        ? p
                        : (ushort?)null
            );
            return Ends(source, destination, p => p.SourcePort == port, p => p.DestinationPort == port);
        }
        throw Unexpected(
            source || destination ? "host, net, port" : "ip, ip6, tcp, udp, icmp, src, dst, host, net, port, not, ("
        );
    }

    /// <summary>Without a direction either end will do.</summary>
    private static Func<PacketFacts, bool> Ends(
        bool source,
        bool destination,
        Func<PacketFacts, bool> isSource,
        Func<PacketFacts, bool> isDestination
    ) =>
        source ? isSource
        : destination ? isDestination
        : packet => isSource(packet) || isDestination(packet);

    private T Value<T>(string what, Func<string, T?> read)
        where T : struct
    {
        if (Peek() is not { } word || read(word) is not { } value)
            throw Unexpected(what);
        _next++;
        return value;
    }

    private string? Peek() => _next < _words.Length ? _words[_next].Word : null;

    private bool Take(string word)
    {
        if (Peek() != word)
            return false;
        _next++;
        return true;
    }

    private FormatException Unexpected(string expected) =>
        Peek() is { } word
            ? new FormatException($"column {_words[_next].Column}: '{word}' where one of {expected} is expected")
            : new FormatException($"column {_length + 1}: it ends where one of {expected} is expected");

    [GeneratedRegex(@"[()!]|\|\||&&|[^\s()!|&]+")]
    private static partial Regex Word();
}
