using System.Net;

namespace Telepresence.Engine.Routing;

/// <summary>A cluster subnet and a route that is already there share addresses.</summary>
/// <param name="Owner">Whose route it is, where the interface tells: <c>WireGuard</c>, <c>Tailscale</c> …; else empty.</param>
internal sealed record RouteConflict(IPNetwork Subnet, SystemRoute Route, IPAddress? LocalAddress, string Owner)
{
    /// <summary>The route as upstream prints it (PROTOCOL §4.3): via is the local address.</summary>
    public string RouteText =>
        $"{Route.Destination} via {LocalAddress?.ToString() ?? "-"} dev {Route.InterfaceName}"
        + (Route.Gateway is null ? "" : $", gw {Route.Gateway}");

    public override string ToString() => $"subnet {Subnet} overlaps with existing route \"{RouteText}\"";
}
