using System.Net;

namespace Telepresence.Engine.Vnat;

/// <summary>Where a translated subnet of the cluster is found on this machine.</summary>
/// <param name="Virtual">
/// The prefix of the same length that stands for it, or, when <paramref name="IsPrefixPreserving"/> is false, the whole
/// virtual subnet its addresses are handed out of.
/// </param>
internal readonly record struct SubnetMapping(IPNetwork Cluster, IPNetwork Virtual, bool IsPrefixPreserving);

/// <summary>An address of the cluster and the one to connect to.</summary>
internal readonly record struct AddressPair(IPAddress Cluster, IPAddress Virtual);
