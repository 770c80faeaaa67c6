using Telepresence.Engine.NetStack;
using Telepresence.Engine.NetStack.Tcp;
using Telepresence.Engine.Packets;

namespace Telepresence.UnitTests.NetStack.Tcp;

public sealed class TcpReceiverTests
{
    private const int Payload = 1000;
    private const int Initial = 64 * 1024;
    private const long RoundTrip = 2000;

    private readonly ByteQueue _queue = new(new SegmentPool());
    private readonly TcpReceiver _receiver;
    private long _position;
    private long _now = 1_000_000;

    public TcpReceiverTests()
    {
        _receiver = new TcpReceiver(
            _queue,
            new SequenceNumber(1),
            Payload,
            new IpStackOptions { InitialBuffer = Initial }
        );
        _receiver.Tune(_now, RoundTrip);
    }

    [Fact]
    public void A_window_that_is_read_in_a_round_trip_is_opened_further()
    {
        Read(40);
        _now += RoundTrip;
        _receiver.Tune(_now, RoundTrip);
        Assert.Equal(2 * 40 * Payload, Window());
    }

    [Fact]
    public void A_window_that_is_read_in_many_round_trips_is_wide_enough()
    {
        for (var turn = 0; turn < 100; turn++)
        {
            Read(40);
            // Its turn comes after those of many others.
            _now += 20 * RoundTrip;
            _receiver.Tune(_now, RoundTrip);
        }
        Assert.Equal(Initial, Window());
    }

    private void Read(int segments)
    {
        for (var i = 0; i < segments; i++)
        {
            Assert.True(_receiver.Receive(_position, new byte[Payload], fin: false, new StackCounters()));
            _position += Payload;
            _queue.ConsumeTo(_position);
        }
        Window();
    }

    private int Window() => _receiver.AdvertiseWindow() << _receiver.Scale;
}
