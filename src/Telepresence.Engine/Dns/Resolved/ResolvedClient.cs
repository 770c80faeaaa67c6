using System.Net;
using System.Net.Sockets;

namespace Telepresence.Engine.Dns.Resolved;

/// <summary>The part of systemd-resolved's D-Bus interface that sets up a link (org.freedesktop.resolve1).</summary>
internal sealed class ResolvedClient(DBusConnection bus)
{
    public const string ServiceName = "org.freedesktop.resolve1";
    public const string ObjectPath = "/org/freedesktop/resolve1";
    public const string ManagerInterface = "org.freedesktop.resolve1.Manager";

    private const string UnknownMethod = "org.freedesktop.DBus.Error.UnknownMethod";
    private const int LinuxInterNetwork = 2;
    private const int LinuxInterNetworkV6 = 10;

    public Task SetLinkDnsAsync(
        int interfaceIndex,
        IReadOnlyList<IPAddress> servers,
        CancellationToken cancellationToken
    ) =>
        CallAsync(
            "SetLinkDNS",
            "ia(iay)",
            writer =>
            {
                writer.Int32(interfaceIndex);
                writer.Array(
                    servers,
                    alignment: 8,
                    static (element, server) =>
                    {
                        element.BeginStructure();
                        element.Int32(
                            server.AddressFamily == AddressFamily.InterNetwork ? LinuxInterNetwork : LinuxInterNetworkV6
                        );
                        element.Bytes(server.GetAddressBytes());
                    }
                );
            },
            cancellationToken
        );

    /// <param name="search">Completed to by single labels, and routed here.</param>
    /// <param name="routing">Routed here only.</param>
    public Task SetLinkDomainsAsync(
        int interfaceIndex,
        IReadOnlyList<string> search,
        IReadOnlyList<string> routing,
        CancellationToken cancellationToken
    ) =>
        CallAsync(
            "SetLinkDomains",
            "ia(sb)",
            writer =>
            {
                writer.Int32(interfaceIndex);
                writer.Array(
                    search
                        .Select(domain => (Domain: domain, RouteOnly: false))
                        .Concat(routing.Except(search).Select(domain => (Domain: domain, RouteOnly: true))),
                    alignment: 8,
                    static (element, item) =>
                    {
                        element.BeginStructure();
                        element.String(item.Domain);
                        element.Boolean(item.RouteOnly);
                    }
                );
            },
            cancellationToken
        );

    /// <summary>Names that no link claims shall not come here. Does nothing where resolved is older than the method (240).</summary>
    public async Task ClearLinkDefaultRouteAsync(int interfaceIndex, CancellationToken cancellationToken)
    {
        try
        {
            await CallAsync(
                    "SetLinkDefaultRoute",
                    "ib",
                    writer =>
                    {
                        writer.Int32(interfaceIndex);
                        writer.Boolean(false);
                    },
                    cancellationToken
                )
                .ConfigureAwait(false);
        }
        catch (DBusException e) when (e.ErrorName == UnknownMethod)
        {
            // Routing domains alone do there: such a link never becomes a default route once it has some.
        }
    }

    public Task RevertLinkAsync(int interfaceIndex, CancellationToken cancellationToken) =>
        CallAsync("RevertLink", "i", writer => writer.Int32(interfaceIndex), cancellationToken);

    public Task FlushCachesAsync(CancellationToken cancellationToken) =>
        CallAsync("FlushCaches", "", null, cancellationToken);

    private Task<DBusMessage> CallAsync(
        string member,
        string signature,
        Action<DBusWriter>? arguments,
        CancellationToken cancellationToken
    ) => bus.CallAsync(ServiceName, ObjectPath, ManagerInterface, member, signature, arguments, cancellationToken);
}
