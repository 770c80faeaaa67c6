using System.Globalization;
using Telepresence.Protocol.Http2.Hpack;

namespace Telepresence.Protocol.Http2;

/// <summary>The beginning of a response.</summary>
/// <param name="Status">HTTP's.</param>
/// <param name="Headers">Without the pseudo-header.</param>
internal sealed record Http2Response(int Status, IReadOnlyList<HeaderField> Headers)
{
    private const string StatusName = ":status";

    /// <summary>Informational: another one follows.</summary>
    public bool IsInterim => Status < 200;

    /// <exception cref="Http2Exception">Malformed (RFC 9113 §8.1.1), of the stream.</exception>
    public static Http2Response Parse(List<HeaderField> fields)
    {
        if (
            fields.Count == 0
            || fields[0].Name != StatusName
            || !int.TryParse(fields[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var status)
            || status is < 100 or > 999
        )
            throw Http2Exception.OfStream(Http2ErrorCode.ProtocolError, "a response without a status");
        fields.RemoveAt(0);
        return new Http2Response(status, CheckNames(fields));
    }

    /// <inheritdoc cref="Parse"/>
    public static IReadOnlyList<HeaderField> ParseTrailers(List<HeaderField> fields) => CheckNames(fields);

    private static List<HeaderField> CheckNames(List<HeaderField> fields)
    {
        foreach (var field in fields)
        {
            if (field.Name.Length == 0 || field.Name[0] == ':' || field.Name.AsSpan().ContainsAnyInRange('A', 'Z'))
                throw Http2Exception.OfStream(Http2ErrorCode.ProtocolError, "a malformed header name");
        }
        return fields;
    }
}
