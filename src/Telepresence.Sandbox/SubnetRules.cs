using System.Net;
using System.Net.Sockets;

namespace Telepresence.Sandbox;

/// <summary>What a sandbox's subnets must be.</summary>
internal static class SubnetRules
{
    /// <exception cref="SandboxException">They are not.</exception>
    public static void Check(SandboxOptions options)
    {
        CheckFamilies("service", options.ServiceSubnets);
        CheckFamilies("pod", options.PodSubnets);
        var families = options.ServiceSubnets.Select(s => s.BaseAddress.AddressFamily);
        if (!families.Order().SequenceEqual(options.PodSubnets.Select(s => s.BaseAddress.AddressFamily).Order()))
        {
            throw Invalid("Service and pod subnets differ in their address families. Give one of each family to both.");
        }
        foreach (var service in options.ServiceSubnets)
        {
            foreach (var pod in options.PodSubnets)
            {
                if (service.Contains(pod.BaseAddress) || pod.Contains(service.BaseAddress))
                {
                    throw Invalid(
                        $"The service subnet {service} and the pod subnet {pod} overlap. Choose disjoint ones."
                    );
                }
            }
        }
    }

    private static void CheckFamilies(string what, IReadOnlyList<IPNetwork> subnets)
    {
        if (
            subnets.Count is < 1 or > 2
            || subnets.Count(s => s.BaseAddress.AddressFamily == AddressFamily.InterNetwork) > 1
            || subnets.Count(s => s.BaseAddress.AddressFamily == AddressFamily.InterNetworkV6) > 1
        )
        {
            throw Invalid($"A cluster has one {what} subnet, or one IPv4 and one IPv6; {subnets.Count} were given.");
        }
    }

    private static SandboxException Invalid(string message) => new(SandboxErrorId.SubnetsInvalid, message);
}
