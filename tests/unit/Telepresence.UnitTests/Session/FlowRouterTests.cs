using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Telepresence.Engine.Dns;
using Telepresence.Engine.NetStack;
using Telepresence.Engine.Session;
using Telepresence.Engine.Vnat;
using Telepresence.UnitTests.Manager;
using Telepresence.UnitTests.TrafficManager;

namespace Telepresence.UnitTests.Session;

public sealed class FlowRouterTests : IFlowCarrier
{
    private static readonly IPNetwork _loopback = IPNetwork.Parse("127.0.0.0/8");
    private static readonly IPNetwork _services = IPNetwork.Parse("10.96.0.0/16");

    private readonly TaskCompletionSource<(IPEndPoint, string)> _carried = new();

    [Theory]
    [InlineData("10.96.0.9", "web")]
    [InlineData("10.96.7.9", "echo")]
    [InlineData("127.0.0.6", "echo")]
    public async Task A_virtual_address_leads_to_the_real_one_through_its_workload(string real, string workload)
    {
        var translation = Translation();
        await using var router = Router(translation);
        router.SetWorkloads([(_services, "web"), (IPNetwork.Parse("10.96.7.0/24"), "echo"), (_loopback, "echo")]);
        var address = translation.ToVirtual(IPAddress.Parse(real));
        Assert.NotEqual(real, address.ToString());
        router.OnTcpOpen(new FakeTcpFlow(new IPEndPoint(address, 80)));
        var carried = await _carried.Task.WaitAsync(ManagerFixture.Patience);
        Assert.Equal((new IPEndPoint(IPAddress.Parse(real), 80), workload), carried);
    }

    [Fact]
    public async Task What_is_not_translated_goes_by_the_normal_rules()
    {
        await using var router = Router(Translation());
        router.SetWorkloads([(_services, "web")]);
        router.OnTcpOpen(new FakeTcpFlow(IPEndPoint.Parse("10.244.0.7:80")));
        var carried = await _carried.Task.WaitAsync(ManagerFixture.Patience);
        Assert.Equal((IPEndPoint.Parse("10.244.0.7:80"), ""), carried);
    }

    [Fact]
    public async Task A_subnet_that_the_cluster_no_longer_has_keeps_its_workload()
    {
        await using var router = Router(Translation());
        router.SetWorkloads([(_services, "web"), (_loopback, "echo")]);
        router.SetWorkloads([(_loopback, "mesh")]);
        Assert.Equal("web", router.WorkloadFor(IPAddress.Parse("10.96.0.9")));
        Assert.Equal("mesh", router.WorkloadFor(IPAddress.Parse("127.0.0.6")));
        Assert.Equal("", router.WorkloadFor(IPAddress.Parse("10.97.0.9")));
    }

    Task IFlowCarrier.CarryAsync(
        ITcpFlow flow,
        IPEndPoint destination,
        string workload,
        CancellationToken cancellationToken
    )
    {
        _carried.SetResult((destination, workload));
        return Task.CompletedTask;
    }

    Task IFlowCarrier.CarryAsync(
        IUdpFlow flow,
        IPEndPoint destination,
        string workload,
        CancellationToken cancellationToken
    ) => throw new NotSupportedException();

    private static TranslationTable Translation() =>
        new([new VirtualSubnet(IPNetwork.Parse("246.0.0.0/8"))], [_services, _loopback]);

    private FlowRouter Router(TranslationTable translation) =>
        new(
            new DnsFront(null, TimeProvider.System, new DnsQueryLog(TimeProvider.System), new DnsStatistics()),
            translation,
            this,
            TimeProvider.System,
            NullLogger<FlowRouter>.Instance
        );
}
