using Telepresence.Engine.NetStack;
using Telepresence.Engine.Vif;

namespace Telepresence.UnitTests.NetStack;

public class PacketHandoverTests
{
    private readonly List<IUdpFlow> _opened = [];

    [Fact]
    public void A_flow_stays_one_whatever_queue_its_packets_come_by()
    {
        var (near, far) = MemoryDevice.CreatePair(queueCount: 2);
        var stack = new IpStack(near, new Handler(_opened), time: new VirtualTime());
        var packet = new PacketBuffer();
        for (ushort port = 1000; port < 1020; port++)
        {
            for (var turn = 0; turn < 4; turn++)
            {
                var bytes = StackFixture.Udp(
                    StackFixture.Address("10.0.0.1"),
                    StackFixture.Address("10.96.0.5"),
                    port,
                    53,
                    [(byte)turn]
                );
                packet.Length = bytes.Length;
                bytes.CopyTo(packet.Packet);
                far.Queues[turn % 2].Write(packet);
                Settle(stack);
            }
        }

        Assert.Equal(20, _opened.Count);
        Assert.All(stack.Loops, loop => Assert.NotEmpty(Flows(loop)));
        foreach (var flow in _opened)
        {
            for (byte turn = 0; turn < 4; turn++)
            {
                Assert.Equal([turn], flow.ReadAsync(default).Now()!.Value.ToArray());
            }
        }
    }

    private static List<IUdpFlow> Flows(PacketLoop loop)
    {
        var flows = new List<IUdpFlow>();
        loop.Udp.Snapshot(flows);
        return flows;
    }

    private static void Settle(IpStack stack)
    {
        bool any;
        do
        {
            any = false;
            foreach (var loop in stack.Loops)
            {
                any |= loop.Step();
            }
        } while (any);
    }

    private sealed class Handler(List<IUdpFlow> opened) : IFlowHandler
    {
        public void OnTcpOpen(ITcpFlow flow) => flow.Refuse();

        public void OnUdpOpen(IUdpFlow flow) => opened.Add(flow);
    }
}
