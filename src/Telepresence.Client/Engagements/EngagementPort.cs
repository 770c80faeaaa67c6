using System.Globalization;
using Telepresence.Client.Errors;
using Telepresence.Client.Objects;

namespace Telepresence.Client.Engagements;

/// <summary>
/// One value of <c>-Port</c>: <c>[local[:identifier]][/proto]</c> (PROTOCOL §6.3), where the identifier is the name or number of a
/// port of the service or container. A name alone is an identifier.
/// </summary>
/// <param name="Local">Port on this machine; null: the number of the container's.</param>
/// <param name="Identifier">Empty: the only port there is; <see cref="All"/>: every port of the container.</param>
/// <param name="Protocol">Null: that of the port which the identifier names.</param>
public sealed record EngagementPort(int? Local, string Identifier, TransportProtocol? Protocol)
{
    /// <summary>Every port of a replaced container, each at its own number here.</summary>
    public const string All = "all";

    /// <exception cref="TelepresenceException">InvalidEngagementPort.</exception>
    public static EngagementPort Parse(string text)
    {
        var (rest, protocol) = PortText.SplitProtocol(text, "Port");
        var parts = rest.Split(':');
        return parts switch
        {
            [var only] when PortText.IsNumber(only) => new(PortText.Number(only, text, "Port"), "", protocol),
            [{ Length: > 0 } name] when PortText.IsName(name) => new(null, name, protocol),
            ["", { Length: > 0 } identifier] => new(null, Checked(identifier, text), protocol),
            [var local, { Length: > 0 } identifier] when PortText.IsNumber(local) => new(
                PortText.Number(local, text, "Port"),
                Checked(identifier, text),
                protocol
            ),
            _ => throw PortText.Invalid(text, "Port", "it is not LOCAL, LOCAL:IDENTIFIER or :IDENTIFIER"),
        };
    }

    /// <summary>As a traffic-manager takes it: <c>identifier[/PROTO]</c>.</summary>
    public string PortIdentifier =>
        Protocol is { } protocol && Identifier.Length > 0
            ? $"{Identifier}/{protocol.ToString().ToUpperInvariant()}"
            : Identifier;

    /// <summary>As it is written.</summary>
    public override string ToString() =>
        (Local?.ToString(CultureInfo.InvariantCulture) ?? "")
        + (Identifier.Length > 0 ? $":{Identifier}" : "")
        + (Protocol is { } protocol ? $"/{protocol.ToString().ToUpperInvariant()}" : "");

    private static string Checked(string identifier, string text) =>
        PortText.IsNumber(identifier) ? PortText.Number(identifier, text, "Port").ToString(CultureInfo.InvariantCulture)
        : PortText.IsName(identifier) ? identifier
        : throw PortText.Invalid(text, "Port", $"'{identifier}' is neither a port's number nor its name");
}
