using System.Net;
using Telepresence.Client.Errors;

namespace Telepresence.Engine.Dns;

/// <summary>
/// What resolv.conf(5) says. Lines that cannot be read are passed over, as the C library does; comments start with
/// <c>#</c> or <c>;</c>.
/// </summary>
internal sealed record ResolvConf
{
    public const string Path = "/etc/resolv.conf";

    private const int MaxAttempts = 5;
    private const int MaxTimeoutSeconds = 30;

    /// <summary>In the order of the file; scope ids kept. Empty means 127.0.0.1, which is left to the caller to add.</summary>
    public IReadOnlyList<IPAddress> NameServers { get; init; } = [];

    /// <summary>The search list: of <c>search</c> and <c>domain</c> the last counts.</summary>
    public IReadOnlyList<string> Search { get; init; } = [];

    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    public int Attempts { get; init; } = 2;

    public bool Rotate { get; init; }

    /// <exception cref="TelepresenceException">DnsUnavailable: the file cannot be read.</exception>
    public static ResolvConf Read(string path)
    {
        try
        {
            return Parse(File.ReadAllText(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ErrorCatalogue.Error(ErrorId.DnsUnavailable, path, e, ("reason", e.Message));
        }
    }

    /// <summary>As the C library sees it, which asks this machine when no name server is named.</summary>
    /// <exception cref="TelepresenceException">DnsUnavailable.</exception>
    public static ResolvConf ReadHost(string path)
    {
        var conf = Read(path);
        return conf.NameServers.Count > 0 ? conf : conf with { NameServers = [IPAddress.Loopback] };
    }

    public static ResolvConf Parse(string text)
    {
        var servers = new List<IPAddress>();
        var result = new ResolvConf();
        foreach (var raw in text.Split('\n'))
        {
            var words = raw.Split('#', ';')[0].Split((char[])[' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries);
            if (words.Length < 2)
                continue;
            switch (words[0])
            {
                case "nameserver" when IPAddress.TryParse(words[1], out var address) && !servers.Contains(address):
                    servers.Add(address);
                    break;
                case "domain" or "search":
                    result = result with { Search = words[1..] };
                    break;
                case "options":
                    result = words[1..].Aggregate(result, (all, option) => all.With(option));
                    break;
            }
        }
        return result with { NameServers = servers };
    }

    /// <summary>Same servers and search list, in the same order, and the same options.</summary>
    public bool IsSameAs(ResolvConf other) =>
        NameServers.SequenceEqual(other.NameServers)
        && Search.SequenceEqual(other.Search, StringComparer.Ordinal)
        && (Timeout, Attempts, Rotate) == (other.Timeout, other.Attempts, other.Rotate);

    private ResolvConf With(string option)
    {
        var parts = option.Split(':', 2);
        var number = parts.Length == 2 && int.TryParse(parts[1], out var value) ? value : 0;
        return parts[0] switch
        {
            "timeout" when number > 0 => this with
            {
                Timeout = TimeSpan.FromSeconds(Math.Min(number, MaxTimeoutSeconds)),
            },
            "attempts" when number > 0 => this with { Attempts = Math.Min(number, MaxAttempts) },
            "rotate" => this with { Rotate = true },
            _ => this,
        };
    }
}
