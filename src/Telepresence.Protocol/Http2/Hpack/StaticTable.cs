namespace Telepresence.Protocol.Http2.Hpack;

/// <summary>RFC 7541 appendix A. Indices begin with 1.</summary>
internal static class StaticTable
{
    private static readonly HeaderField[] s_fields =
    [
        new(":authority", ""),
        new(":method", "GET"),
        new(":method", "POST"),
        new(":path", "/"),
        new(":path", "/index.html"),
        new(":scheme", "http"),
        new(":scheme", "https"),
        new(":status", "200"),
        new(":status", "204"),
        new(":status", "206"),
        new(":status", "304"),
        new(":status", "400"),
        new(":status", "404"),
        new(":status", "500"),
        new("accept-charset", ""),
        new("accept-encoding", "gzip, deflate"),
        new("accept-language", ""),
        new("accept-ranges", ""),
        new("accept", ""),
        new("access-control-allow-origin", ""),
        new("age", ""),
        new("allow", ""),
        new("authorization", ""),
        new("cache-control", ""),
        new("content-disposition", ""),
        new("content-encoding", ""),
        new("content-language", ""),
        new("content-length", ""),
        new("content-location", ""),
        new("content-range", ""),
        new("content-type", ""),
        new("cookie", ""),
        new("date", ""),
        new("etag", ""),
        new("expect", ""),
        new("expires", ""),
        new("from", ""),
        new("host", ""),
        new("if-match", ""),
        new("if-modified-since", ""),
        new("if-none-match", ""),
        new("if-range", ""),
        new("if-unmodified-since", ""),
        new("last-modified", ""),
        new("link", ""),
        new("location", ""),
        new("max-forwards", ""),
        new("proxy-authenticate", ""),
        new("proxy-authorization", ""),
        new("range", ""),
        new("referer", ""),
        new("refresh", ""),
        new("retry-after", ""),
        new("server", ""),
        new("set-cookie", ""),
        new("strict-transport-security", ""),
        new("transfer-encoding", ""),
        new("user-agent", ""),
        new("vary", ""),
        new("via", ""),
        new("www-authenticate", ""),
    ];

    private static readonly Dictionary<string, int> s_names = [];
    private static readonly Dictionary<HeaderField, int> s_indices = [];

    static StaticTable()
    {
        for (var i = 0; i < s_fields.Length; i++)
        {
            s_names.TryAdd(s_fields[i].Name, i + 1);
            s_indices.Add(s_fields[i], i + 1);
        }
    }

    /// <summary>Entries; the dynamic table's indices follow.</summary>
    public static int Count => s_fields.Length;

    /// <param name="index">1 to <see cref="Count"/>.</param>
    public static HeaderField Get(int index) => s_fields[index - 1];

    /// <summary>The entry of name and value; 0: none.</summary>
    public static int IndexOf(HeaderField field) => s_indices.GetValueOrDefault(field);

    /// <summary>The first entry of that name; 0: none.</summary>
    public static int IndexOfName(string name) => s_names.GetValueOrDefault(name);
}
