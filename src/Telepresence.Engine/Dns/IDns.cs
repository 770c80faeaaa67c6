using System.Net;

namespace Telepresence.Engine.Dns;

/// <summary>The cluster's side of a look-up (the traffic-manager's LookupDNS, PROTOCOL §3.1).</summary>
internal interface IClusterResolver
{
    /// <param name="name">Lower case, absolute, with trailing dot.</param>
    /// <param name="type">RR type number: 1, 2, 5, 12, 15, 16, 28 or 33.</param>
    /// <returns>RCODE and uncompressed resource records.</returns>
    /// <exception cref="TimeoutException">No answer in time.</exception>
    /// <exception cref="IOException">The connection to the manager is gone.</exception>
    ValueTask<(int ResponseCode, ReadOnlyMemory<byte> Records)> LookupAsync(
        string name,
        ushort type,
        CancellationToken cancellationToken
    );
}

/// <summary>The address translation of a session, as DNS needs it (DESIGN §5).</summary>
internal interface IAddressTranslation
{
    /// <summary>The address a program on this machine should connect to; the same one when it is not translated.</summary>
    /// <exception cref="Vnat.VirtualSubnetExhaustedException">No virtual address is left.</exception>
    IPAddress ToVirtual(IPAddress clusterAddress);

    /// <summary>The real address; false when <paramref name="address"/> is not a virtual address in use.</summary>
    bool TryToCluster(IPAddress address, out IPAddress clusterAddress);
}

/// <summary>The name server the machine used before us: asked for all that is not the cluster's.</summary>
internal interface IUpstreamResolver
{
    /// <summary>Sends the query unchanged and returns the answer unchanged; null when no server answered in time.</summary>
    ValueTask<byte[]?> ForwardAsync(ReadOnlyMemory<byte> query, bool tcp, CancellationToken cancellationToken);
}
