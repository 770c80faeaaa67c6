using System.Net;
using Telepresence.TrafficManager.Cluster;
using Telepresence.TrafficManager.Discovery;
using Telepresence.TrafficManager.Dns;

namespace Telepresence.UnitTests.TrafficManager.Discovery;

public sealed class ClusterDomainTests : IClusterDns
{
    private readonly List<string> _asked = [];
    private readonly Queue<ClusterDnsAnswer> _answers = new();

    [Fact]
    public async Task It_is_what_follows_svc_in_a_services_name()
    {
        _answers.Enqueue(new ClusterDnsAnswer(2, []));
        _answers.Enqueue(Pointer("agent-injector.ambassador.svc.Example.org."));
        var domain = await FindAsync("10.96.0.7");
        Assert.Equal("example.org.", domain);
        Assert.Equal(["7.0.96.10.in-addr.arpa.", "7.0.96.10.in-addr.arpa."], _asked);
    }

    [Fact]
    public async Task IPv6_is_asked_by_nibbles()
    {
        _answers.Enqueue(Pointer("kubernetes.default.svc.cluster.local."));
        await FindAsync("fd00::12");
        Assert.Equal(["2.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa."], _asked);
    }

    [Fact]
    public async Task Three_answers_without_a_service_are_enough()
    {
        for (var i = 0; i < 4; i++)
        {
            _answers.Enqueue(Pointer("10-96-0-7.other.example."));
        }
        Assert.Null(await FindAsync("10.96.0.7"));
        Assert.Equal(3, _asked.Count);
    }

    public ValueTask<ClusterDnsAnswer> ResolveAsync(
        string name,
        ushort type,
        string clientNamespace,
        CancellationToken cancellationToken
    )
    {
        _asked.Add(name);
        return new(_answers.Dequeue());
    }

    private Task<string?> FindAsync(string service) =>
        new ClusterDomain(this, new HurriedTimeProvider()).FindAsync(IPAddress.Parse(service), default);

    private static ClusterDnsAnswer Pointer(string name) =>
        new(0, [new ClusterDnsRecord("x.", DnsWire.TypePtr, DnsWire.EncodeName(name), 5)]);
}
