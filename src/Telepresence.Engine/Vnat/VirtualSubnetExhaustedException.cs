using System.Net;

namespace Telepresence.Engine.Vnat;

/// <summary>Every address of the virtual subnet is taken (DESIGN §5: a clear error, never a wrong address).</summary>
internal sealed class VirtualSubnetExhaustedException(IPNetwork subnet)
    : Exception($"the virtual subnet {subnet} has no address left")
{
    public IPNetwork Subnet { get; } = subnet;
}
