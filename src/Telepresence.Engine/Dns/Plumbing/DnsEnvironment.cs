using System.Net;
using System.Net.Sockets;
using Telepresence.Engine.Dns.Resolved;

namespace Telepresence.Engine.Dns;

/// <summary>What the choice of plumbing looks at, so that it can be tested anywhere.</summary>
internal sealed record DnsEnvironment
{
    public string ResolvConfPath { get; init; } = ResolvConf.Path;

    /// <summary>Exists where systemd-resolved has run.</summary>
    public string ResolvedDirectory { get; init; } = "/run/systemd/resolve";

    public string BusAddress { get; init; } = DBusConnection.SystemAddress;

    /// <summary>Effective uid of this process.</summary>
    public required uint UserId { get; init; }

    /// <summary>Addresses of this machine's interfaces.</summary>
    public required IReadOnlyCollection<IPAddress> LocalAddresses { get; init; }

    /// <summary>This process, as it signs files.</summary>
    public string Owner { get; init; } = ProcessIdentity.Current;

    /// <summary>Whether the process of that signature runs.</summary>
    public Func<string, bool> IsOwnerAlive { get; init; } = ProcessIdentity.IsAlive;

    /// <summary>Rules cannot capture what stays on this machine: its own addresses are looked up before any of them.</summary>
    public bool IsLocal(IPAddress address) => IPAddress.IsLoopback(address) || LocalAddresses.Contains(address);

    /// <summary>
    /// The settings with those servers only that a rule can capture; null when the first one, which is asked first, cannot be.
    /// </summary>
    public ResolvConf? Capturable(ResolvConf conf) =>
        IsLocal(conf.NameServers[0])
            ? null
            : conf with
            {
                NameServers = [.. conf.NameServers.Where(server => !IsLocal(server))],
            };

    /// <summary>The same with the addresses that this machine has now.</summary>
    public DnsEnvironment With(IReadOnlyCollection<IPAddress> localAddresses) =>
        this with
        {
            LocalAddresses = localAddresses,
        };

    /// <summary>resolved's stub listens here, and nothing else does.</summary>
    public static bool IsResolvedStub(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetwork && address.ToString() is "127.0.0.53" or "127.0.0.54";
}
