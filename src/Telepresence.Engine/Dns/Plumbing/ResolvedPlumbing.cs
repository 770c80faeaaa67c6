using System.Net;
using System.Net.Sockets;
using Telepresence.Client.Errors;
using Telepresence.Engine.Dns.Resolved;

namespace Telepresence.Engine.Dns;

/// <summary>systemd-resolved is told which domains the VIF's name server answers. It forgets them with the device.</summary>
internal sealed class ResolvedPlumbing(DnsEnvironment environment, UpstreamServers upstream) : IDnsPlumbing
{
    private const string NoSuchLink = "org.freedesktop.resolve1.NoSuchLink";

    public string Strategy => "systemd-resolved";

    public string Reason => "resolved's stub is the machine's name server, and resolved is on the system bus";

    public IReadOnlyList<IPAddress> CapturedNameServers => [];

    public IReadOnlyList<string> HostSearchDomains => [];

    public UpstreamServers Upstream => upstream;

    public Task ApplyAsync(DnsLink link, CancellationToken cancellationToken) =>
        WithResolvedAsync(
            async resolved =>
            {
                await resolved
                    .SetLinkDnsAsync(link.InterfaceIndex, [link.Server], cancellationToken)
                    .ConfigureAwait(false);
                await resolved
                    .SetLinkDomainsAsync(
                        link.InterfaceIndex,
                        link.SearchDomains,
                        link.RoutingDomains,
                        cancellationToken
                    )
                    .ConfigureAwait(false);
                await resolved.ClearLinkDefaultRouteAsync(link.InterfaceIndex, cancellationToken).ConfigureAwait(false);
                await resolved.FlushCachesAsync(cancellationToken).ConfigureAwait(false);
            },
            cancellationToken
        );

    public Task ClearAsync(int interfaceIndex, CancellationToken cancellationToken) =>
        WithResolvedAsync(
            async resolved =>
            {
                try
                {
                    await resolved.RevertLinkAsync(interfaceIndex, cancellationToken).ConfigureAwait(false);
                }
                catch (DBusException e) when (e.ErrorName == NoSuchLink)
                {
                    // The device went first and took its settings along.
                }
                await resolved.FlushCachesAsync(cancellationToken).ConfigureAwait(false);
            },
            cancellationToken
        );

    private async Task WithResolvedAsync(Func<ResolvedClient, Task> action, CancellationToken cancellationToken)
    {
        try
        {
            using var bus = await DBusConnection
                .ConnectAsync(environment.BusAddress, environment.UserId, cancellationToken)
                .ConfigureAwait(false);
            await action(new ResolvedClient(bus)).ConfigureAwait(false);
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            throw ErrorCatalogue.Error(
                ErrorId.DnsUnavailable,
                ResolvedClient.ServiceName,
                e,
                ("reason", $"systemd-resolved did not take the settings: {e.Message}")
            );
        }
    }
}
