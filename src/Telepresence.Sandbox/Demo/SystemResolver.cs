using System.Net;
using System.Net.Sockets;

namespace Telepresence.Sandbox.Demo;

/// <summary>Looks names up as the machine's programs do: getent, else dig, else .NET's own resolver.</summary>
internal static class SystemResolver
{
    /// <summary>Asks for the IPv4 address of a name.</summary>
    public static async Task<Observation> LookUpAsync(string host, CancellationToken cancellationToken)
    {
        if (ForeignProgram.Exists("getent"))
        {
            return await ForeignProgram
                .RunAsync("getent", ["ahostsv4", host], cancellationToken: cancellationToken)
                .ConfigureAwait(false);
        }
        if (ForeignProgram.Exists("dig"))
        {
            return await ForeignProgram
                .RunAsync("dig", ["+short", "+time=3", "+tries=1", host, "A"], cancellationToken: cancellationToken)
                .ConfigureAwait(false);
        }
        return await DotNetClient
            .RunAsync(
                $"Dns.GetHostAddresses {host}",
                async token =>
                    string.Join<IPAddress>(
                        '\n',
                        await System
                            .Net.Dns.GetHostAddressesAsync(host, AddressFamily.InterNetwork, token)
                            .ConfigureAwait(false)
                    ),
                cancellationToken
            )
            .ConfigureAwait(false);
    }

    /// <summary>The first address in an answer, or null.</summary>
    public static IPAddress? AddressIn(Observation seen)
    {
        return seen.Succeeded
            ? seen
                .Output.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
                .Select(word => IPAddress.TryParse(word, out var address) ? address : null)
                .FirstOrDefault(address => address is not null)
            : null;
    }
}
