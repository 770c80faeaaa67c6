using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Telepresence.TrafficManager.Intercepts;

/// <summary>How clients name a port: <c>name-or-number[/TCP|/UDP]</c> (PROTOCOL §6.3).</summary>
/// <param name="Name">Null: it is a number.</param>
/// <param name="Number">0: it is a name.</param>
/// <param name="Protocol">Upper case; null: any.</param>
internal sealed record PortIdentifier(string? Name, int Number, string? Protocol)
{
    public static bool TryParse(string text, [NotNullWhen(true)] out PortIdentifier? identifier)
    {
        identifier = null;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var protocol = slash < 0 ? null : text[(slash + 1)..].ToUpperInvariant();
        var name = slash < 0 ? text : text[..slash];
        if (name.Length == 0 || protocol is not (null or "TCP" or "UDP"))
            return false;
        if (!char.IsAsciiDigit(name[0]) || !name.All(char.IsAsciiDigit))
        {
            identifier = new PortIdentifier(name, 0, protocol);
            return true;
        }
        if (!ushort.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number == 0)
            return false;
        identifier = new PortIdentifier(null, number, protocol);
        return true;
    }

    public bool IsOf(string protocol) => Protocol is null || Protocol == protocol;
}
