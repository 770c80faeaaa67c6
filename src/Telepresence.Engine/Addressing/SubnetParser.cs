using System.Globalization;
using System.Net;
using Telepresence.Client.Errors;

namespace Telepresence.Engine.Addressing;

/// <summary>What <c>-Vnat</c> and <c>-ProxyVia</c> may say instead of a CIDR (DESIGN §5).</summary>
internal enum SubnetSymbol
{
    /// <summary>The also-proxied subnets.</summary>
    Also,

    /// <summary>The service subnets.</summary>
    Service,

    /// <summary>The pod subnets.</summary>
    Pods,

    /// <summary>All three.</summary>
    All,
}

/// <summary>A CIDR or a symbol; exactly one of the two.</summary>
internal readonly record struct SubnetSelector(IPNetwork? Network, SubnetSymbol? Symbol);

/// <summary>Reads subnets as users write them. Every refusal names the text and the right form.</summary>
internal static class SubnetParser
{
    /// <summary>A CIDR, or a bare address as the subnet that holds just it.</summary>
    /// <param name="parameter">Name of the cmdlet parameter, for the error.</param>
    /// <exception cref="TelepresenceException">InvalidCidr.</exception>
    public static IPNetwork ParseNetwork(string text, string parameter)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var addressText = slash < 0 ? text : text[..slash];
        if (!IPAddress.TryParse(addressText, out var address) || !IsFullyWritten(addressText))
            throw Invalid(text, parameter, $"'{addressText}' is not an IP address");
        if (address.IsIPv4MappedToIPv6)
            throw Invalid(text, parameter, "write an IPv4 address without ::ffff:");
        var bits = address.AsNetwork().AddressBits();
        if (slash < 0)
            return new IPNetwork(address, bits);
        if (
            !int.TryParse(text[(slash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var length)
            || length > bits
        )
            throw Invalid(text, parameter, $"the prefix length must be 0 to {bits}");
        var network = Masked(address, length);
        return network.BaseAddress.Equals(address)
            ? network
            : throw Invalid(text, parameter, $"the address has bits beyond the prefix; did you mean {network}?");
    }

    /// <exception cref="TelepresenceException">InvalidCidr, DuplicateSubnet.</exception>
    public static IReadOnlyList<IPNetwork> ParseNetworks(IEnumerable<string> texts, string parameter) =>
        ParseEach(texts, parameter, text => ParseNetwork(text.Trim(), parameter));

    /// <summary>The values of <c>-Vnat</c>.</summary>
    /// <exception cref="TelepresenceException">As <see cref="ParseSelector"/>, and DuplicateSubnet.</exception>
    public static IReadOnlyList<SubnetSelector> ParseSelectors(IEnumerable<string> texts, string parameter) =>
        ParseEach(texts, parameter, text => ParseSelector(text, parameter));

    /// <summary>The cmdlet whose help describes a parameter.</summary>
    public static string CommandOf(string parameter) =>
        parameter is "ServiceSubnet" or "PodSubnet" ? "Test-TelepresenceConflict" : "Connect-Telepresence";

    /// <summary>One value of <c>-Vnat</c>, or the left side of one of <c>-ProxyVia</c>.</summary>
    /// <exception cref="TelepresenceException">InvalidCidr, or UnknownSymbol when it does not even look like an address.</exception>
    public static SubnetSelector ParseSelector(string text, string parameter)
    {
        var trimmed = text.Trim();
        if (char.IsAsciiLetter(trimmed.FirstOrDefault()) && !trimmed.Contains(':', StringComparison.Ordinal))
        {
            SubnetSymbol? symbol = trimmed.ToLowerInvariant() switch
            {
                "also" => SubnetSymbol.Also,
                "service" => SubnetSymbol.Service,
                "pods" => SubnetSymbol.Pods,
                "all" => SubnetSymbol.All,
                _ => null,
            };
            return symbol is not null
                ? new SubnetSelector(null, symbol)
                : throw ErrorCatalogue.Error(ErrorId.UnknownSymbol, text, ("value", text), ("parameter", parameter));
        }
        return new SubnetSelector(ParseNetwork(trimmed, parameter), null);
    }

    /// <summary>One value of <c>-ProxyVia</c>: <c>SUBNET=WORKLOAD</c>.</summary>
    /// <exception cref="TelepresenceException">InvalidProxyVia, InvalidCidr or UnknownSymbol.</exception>
    public static (SubnetSelector Subnet, string Workload) ParseProxyVia(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals <= 0)
            throw InvalidProxyVia(text, "it has no workload");
        var workload = text[(equals + 1)..].Trim();
        if (!IsDnsLabel(workload))
            throw InvalidProxyVia(text, $"'{workload}' is not the name of a workload");
        return (ParseSelector(text[..equals], "ProxyVia"), workload);
    }

    /// <summary>The subnet of a length around an address.</summary>
    private static IPNetwork Masked(IPAddress address, int length)
    {
        var bytes = address.GetAddressBytes();
        for (var i = 0; i < bytes.Length; i++)
        {
            var keep = Math.Clamp(length - (i * 8), 0, 8);
            bytes[i] &= (byte)(0xff00 >> keep);
        }
        return new IPNetwork(new IPAddress(bytes), length);
    }

    // The framework takes 10.1 for 10.0.0.1, and 010 and 0x8 for 8.
    private static bool IsFullyWritten(string address) =>
        address.Contains(':', StringComparison.Ordinal)
        || (
            address.Split('.') is { Length: 4 } parts
            && Array.TrueForAll(parts, p => p.Length > 0 && p.All(char.IsAsciiDigit) && (p.Length == 1 || p[0] != '0'))
        );

    private static List<T> ParseEach<T>(IEnumerable<string> texts, string parameter, Func<string, T> parse)
    {
        var parsed = new List<T>();
        foreach (var text in texts)
        {
            var value = parse(text);
            if (parsed.Contains(value))
            {
                throw ErrorCatalogue.Error(
                    ErrorId.DuplicateSubnet,
                    text,
                    ("value", text.Trim()),
                    ("parameter", parameter),
                    ("command", CommandOf(parameter))
                );
            }
            parsed.Add(value);
        }
        return parsed;
    }

    /// <summary>RFC 1123 label: what Kubernetes allows as a workload's name.</summary>
    private static bool IsDnsLabel(string name) =>
        name.Length is > 0 and <= 63
        && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-')
        && name[0] != '-'
        && name[^1] != '-';

    private static TelepresenceException Invalid(string text, string parameter, string reason) =>
        ErrorCatalogue.Error(
            ErrorId.InvalidCidr,
            text,
            ("value", text),
            ("reason", reason),
            ("parameter", parameter),
            ("command", CommandOf(parameter))
        );

    private static TelepresenceException InvalidProxyVia(string text, string reason) =>
        ErrorCatalogue.Error(ErrorId.InvalidProxyVia, text, ("value", text), ("reason", reason));
}
