using System.Net;

namespace Telepresence.Engine.Routing;

/// <summary>A route of ours: always directly into an interface.</summary>
/// <param name="Source">The address that packets take which have none yet; null: the interface's.</param>
internal sealed record OwnRoute(IPNetwork Destination, uint Table, int InterfaceIndex, uint Metric, IPAddress? Source)
{
    public override string ToString() =>
        $"{Destination} dev {InterfaceIndex} table {Table} metric {Metric}{(Source is null ? "" : $" src {Source}")}";
}
