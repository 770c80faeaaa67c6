using System.Net;
using System.Net.Sockets;
using System.Numerics;

namespace Telepresence.Sandbox.Network;

/// <summary>Hands out the addresses of a subnet in order; the same calls give the same addresses.</summary>
internal sealed class AddressPool(IPNetwork subnet, int first)
{
    private int _next = first;

    public IPNetwork Subnet => subnet;

    public AddressFamily Family => subnet.BaseAddress.AddressFamily;

    /// <exception cref="SandboxException">The subnet is used up.</exception>
    public IPAddress Next() => At(_next++);

    /// <exception cref="SandboxException">The subnet has no such address.</exception>
    public IPAddress At(int index)
    {
        var bytes = subnet.BaseAddress.GetAddressBytes();
        var hostBits = bytes.Length * 8 - subnet.PrefixLength;
        // The last IPv4 address of a subnet is its broadcast address.
        if (new BigInteger(index) >= (BigInteger.One << hostBits) - 1)
        {
            throw new SandboxException(
                SandboxErrorId.SubnetTooSmall,
                $"The subnet {subnet} is too small for the sandbox's services and pods. Choose a /26 (IPv6: /120) or larger."
            );
        }
        var value = new BigInteger(bytes, isUnsigned: true, isBigEndian: true) + index;
        var address = new byte[bytes.Length];
        var written = value.ToByteArray(isUnsigned: true, isBigEndian: true);
        written.CopyTo(address, address.Length - written.Length);
        return new IPAddress(address);
    }
}
