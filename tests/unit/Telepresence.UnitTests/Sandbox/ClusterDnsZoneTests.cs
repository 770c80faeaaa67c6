using System.Net;
using System.Net.Sockets;
using Telepresence.TrafficManager.Cluster;

namespace Telepresence.UnitTests.Sandbox;

public sealed class ClusterDnsZoneTests(SandboxFixture sandbox) : IClassFixture<SandboxFixture>
{
    private const ushort A = 1;
    private const ushort Ns = 2;
    private const ushort Cname = 5;
    private const ushort Ptr = 12;
    private const ushort Mx = 15;
    private const ushort Txt = 16;
    private const ushort Aaaa = 28;
    private const ushort Srv = 33;
    private const int NameError = 3;

    [Theory]
    [InlineData("web.")]
    [InlineData("web.demo.")]
    [InlineData("web.demo.svc.")]
    [InlineData("web.demo.svc.cluster.local.")]
    [InlineData("WEB.demo.")]
    public async Task A_service_has_an_address_under_each_of_its_names(string name)
    {
        var record = Assert.Single(await RecordsAsync(name, A));
        Assert.Equal(sandbox.Cluster.ServiceAddress("web"), new IPAddress(record.Data));
        Assert.Equal(name.ToLowerInvariant(), record.Name);
        var six = Assert.Single(await RecordsAsync(name, Aaaa));
        Assert.Equal(
            sandbox.Cluster.ServiceAddress("web", family: AddressFamily.InterNetworkV6),
            new IPAddress(six.Data)
        );
    }

    [Fact]
    public async Task A_single_label_is_the_client_namespaces()
    {
        var answer = await sandbox.Cluster.Dns.ResolveAsync("web.", A, "other", CancellationToken.None);
        Assert.Equal(sandbox.Cluster.ServiceAddress("web", "other"), new IPAddress(Assert.Single(answer.Records).Data));
    }

    [Theory]
    [InlineData("none.", A, NameError)]
    [InlineData("web.none.svc.cluster.local.", A, NameError)]
    [InlineData("x.web.demo.svc.cluster.local.", A, NameError)]
    [InlineData("example.com.", A, NameError)]
    [InlineData("9.9.9.9.in-addr.arpa.", Ptr, NameError)]
    [InlineData("web.demo.svc.cluster.local.", Mx, 0)]
    [InlineData("demo.svc.cluster.local.", A, 0)]
    [InlineData("svc.cluster.local.", A, 0)]
    [InlineData("_tcp.web.demo.svc.cluster.local.", Srv, 0)]
    [InlineData("_http._udp.web.demo.svc.cluster.local.", Srv, NameError)]
    public async Task Absent_names_and_absent_types_differ(string name, ushort type, int code)
    {
        var answer = await sandbox.Cluster.Dns.ResolveAsync(name, type, "demo", CancellationToken.None);
        Assert.Empty(answer.Records);
        Assert.Equal(code, answer.ResponseCode);
    }

    [Fact]
    public async Task A_headless_service_is_its_pods()
    {
        var pods = sandbox
            .Cluster.PodAddresses("web-headless")
            .Where(a => a.AddressFamily == AddressFamily.InterNetwork)
            .ToList();
        Assert.Equal(2, pods.Count);
        var records = await RecordsAsync("web-headless.demo.svc.cluster.local.", A);
        Assert.Equal(pods, records.Select(r => new IPAddress(r.Data)));
        var dashed = pods[0].ToString().Replace('.', '-');
        Assert.Equal(pods[0], new IPAddress(Assert.Single(await RecordsAsync($"{dashed}.demo.pod.", A)).Data));
        Assert.Equal(pods[0], new IPAddress(Assert.Single(await RecordsAsync($"{dashed}.web-headless.", A)).Data));
    }

    [Fact]
    public async Task Ports_are_SRV_records()
    {
        var record = Assert.Single(await RecordsAsync("_http._tcp.web.demo.svc.cluster.local.", Srv));
        Assert.Equal([0, 0, 0, 100, 0, 80, 3, (byte)'w', (byte)'e', (byte)'b'], record.Data[..10]);
        Assert.Equal(4, (await RecordsAsync("_http._tcp.web-headless.", Srv)).Count);
    }

    [Fact]
    public async Task Addresses_have_names()
    {
        var octets = sandbox.Cluster.ServiceAddress("web").GetAddressBytes().Reverse();
        var record = Assert.Single(await RecordsAsync($"{string.Join('.', octets)}.in-addr.arpa.", Ptr));
        Assert.Equal([3, (byte)'w', (byte)'e', (byte)'b', 4, (byte)'d'], record.Data[..6]);
        var nibbles = Convert
            .ToHexStringLower(
                sandbox.Cluster.ServiceAddress("web", family: AddressFamily.InterNetworkV6).GetAddressBytes()
            )
            .Reverse();
        Assert.Single(await RecordsAsync($"{string.Join('.', nibbles)}.ip6.arpa.", Ptr));
    }

    [Fact]
    public async Task An_external_name_is_an_alias_that_is_followed()
    {
        var records = await RecordsAsync("alias.", A);
        Assert.Equal([Cname, A], records.Select(r => r.Type));
        Assert.Equal("alias.", records[0].Name);
        Assert.Equal(sandbox.Cluster.ServiceAddress("web"), new IPAddress(records[1].Data));
        Assert.Equal(Cname, Assert.Single(await RecordsAsync("alias.", Cname)).Type);
    }

    [Theory]
    [InlineData("mail.", Mx)]
    [InlineData("info.", Txt)]
    [InlineData("cluster.local.", Ns)]
    [InlineData("dns-version.cluster.local.", Txt)]
    [InlineData("static.sandbox.test.", Aaaa)]
    public async Task There_is_a_sample_of_each_type(string name, ushort type) =>
        Assert.Equal(type, Assert.Single(await RecordsAsync(name, type)).Type);

    private async Task<IReadOnlyList<ClusterDnsRecord>> RecordsAsync(string name, ushort type)
    {
        var answer = await sandbox.Cluster.Dns.ResolveAsync(name, type, "demo", CancellationToken.None);
        Assert.Equal(0, answer.ResponseCode);
        return answer.Records;
    }
}
