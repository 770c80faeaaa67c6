namespace Telepresence.TrafficManager.Discovery;

/// <summary>Where the subnets of pods are taken from: <c>POD_CIDR_STRATEGY</c> (PROTOCOL §7.1).</summary>
internal enum PodSubnetStrategy
{
    /// <summary>The nodes' where they can be read and hold the manager's own pod; else what covers the pods' addresses.</summary>
    Auto,

    /// <summary><c>spec.podCIDRs</c> of the nodes.</summary>
    NodePodCIDRs,

    /// <summary>What covers the addresses of all pods but those of kube-system.</summary>
    CoverPodIPs,

    /// <summary><c>POD_CIDRS</c>.</summary>
    Environment,
}
