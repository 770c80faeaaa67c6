using System.Net;

namespace Telepresence.Engine.Dns;

/// <summary>
/// How the operating system's name queries reach the engine. One per engine, chosen by
/// <see cref="DnsPlumbing.ChooseAsync"/>; each session puts in its link and takes it out again.
/// </summary>
internal interface IDnsPlumbing
{
    /// <summary>For people: <c>systemd-resolved</c>, <c>captured</c> or <c>resolv.conf</c>.</summary>
    string Strategy { get; }

    /// <summary>Why this one.</summary>
    string Reason { get; }

    /// <summary>For the sessions' <see cref="Routing.RoutePlan.CapturedNameServers"/>; empty where nothing is captured.</summary>
    IReadOnlyList<IPAddress> CapturedNameServers { get; }

    /// <summary>The host's search list where its queries arrive with it (for <see cref="DnsZoneOptions.HostSearchDomains"/>).</summary>
    IReadOnlyList<string> HostSearchDomains { get; }

    /// <summary>Whom to ask what is not the cluster's; none: no <see cref="IUpstreamResolver"/> is to be made.</summary>
    UpstreamServers Upstream { get; }

    /// <summary>
    /// Looks at the machine's DNS settings again: a VPN that comes up often brings name servers of its own. True when what
    /// this says of them became different.
    /// </summary>
    bool Refresh(Func<IReadOnlyCollection<IPAddress>> localAddresses) => false;

    /// <summary>Directs queries to the session's DNS address. The VIF must be up.</summary>
    /// <exception cref="Client.Errors.TelepresenceException">DnsUnavailable.</exception>
    Task ApplyAsync(DnsLink link, CancellationToken cancellationToken);

    /// <summary>Undoes <see cref="ApplyAsync"/>; harmless when nothing is left to undo.</summary>
    /// <exception cref="Client.Errors.TelepresenceException">DnsUnavailable.</exception>
    Task ClearAsync(int interfaceIndex, CancellationToken cancellationToken);
}

/// <summary>A session's VIF as a way to its names.</summary>
/// <param name="Server">An address that is routed into the VIF; queries to its port 53 are answered.</param>
/// <param name="SearchDomains">See <see cref="DnsServer.SearchDomains"/>.</param>
/// <param name="RoutingDomains">See <see cref="DnsServer.RoutingDomains"/>.</param>
internal sealed record DnsLink(
    int InterfaceIndex,
    IPAddress Server,
    IReadOnlyList<string> SearchDomains,
    IReadOnlyList<string> RoutingDomains
);
