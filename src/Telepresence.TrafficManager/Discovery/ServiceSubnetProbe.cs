using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Telepresence.Kubernetes;

namespace Telepresence.TrafficManager.Discovery;

/// <summary>
/// Finds the range of service addresses where there is no ServiceCIDR API: asks for a service with an address that is outside
/// of any range, and reads the refusal (PROTOCOL §7.1).
/// </summary>
internal sealed class ServiceSubnetProbe(KubernetesClient client, string ns, ILogger logger)
{
    private const string Name = "t2-tst-dummy";
    private static readonly string[] Outside = ["1.1.1.1", "1:1::1"];

    /// <summary>The ranges, of each family that the cluster has; empty where the API server tells none.</summary>
    /// <exception cref="KubernetesException">The API server cannot be reached.</exception>
    public async Task<IReadOnlyList<IPNetwork>> FindAsync(CancellationToken cancellationToken)
    {
        List<IPNetwork> ranges = [];
        foreach (var address in Outside)
        {
            // A dry run leaves nothing behind; but up to 1.20 it does not look at the address.
            var range =
                await AskAsync(address, dryRun: true, cancellationToken).ConfigureAwait(false)
                ?? await AskAsync(address, dryRun: false, cancellationToken).ConfigureAwait(false);
            if (range is { } found)
                ranges.Add(found);
        }
        return [.. ranges.Distinct().Order(SubnetOrder.Instance)];
    }

    private async Task<IPNetwork?> AskAsync(string address, bool dryRun, CancellationToken cancellationToken)
    {
        var path = $"api/v1/namespaces/{ns}/services";
        try
        {
            using var accepted = await client
                .SendAsync(() => Create(dryRun ? path + "?dryRun=All" : path, address), cancellationToken)
                .ConfigureAwait(false);
        }
        catch (KubernetesException e) when (e.StatusCode == HttpStatusCode.Forbidden)
        {
            MissingRight.Log(logger, path, "create");
            return null;
        }
        catch (KubernetesException e) when (e.StatusCode is not null)
        {
            return ServiceRange.TryParse(e.Status?.Message, out var range) ? range : null;
        }
        if (!dryRun)
            await DeleteAsync($"{path}/{Name}", cancellationToken).ConfigureAwait(false);
        return null;
    }

    private HttpRequestMessage Create(string path, string address)
    {
        var request = client.CreateRequest(HttpMethod.Post, path);
        request.Content = new StringContent(
            $$$"""
            {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "{{{Name}}}"},
             "spec": {"clusterIP": "{{{address}}}", "ports": [{"port": 443}]}}
            """,
            Encoding.UTF8,
            new MediaTypeHeaderValue("application/json")
        );
        return request;
    }

    /// <summary>The address was inside the range after all, and there is such a service now.</summary>
    private async Task DeleteAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            using var deleted = await client
                .SendAsync(() => client.CreateRequest(HttpMethod.Delete, path), cancellationToken)
                .ConfigureAwait(false);
        }
        catch (KubernetesException e)
        {
            DiscoveryLog.DummyLeft(logger, Name, ns, e.Message);
        }
    }
}
