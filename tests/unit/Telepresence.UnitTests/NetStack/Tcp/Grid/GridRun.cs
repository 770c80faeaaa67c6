using Telepresence.Engine.NetStack;
using Telepresence.Engine.NetStack.Tcp;

namespace Telepresence.UnitTests.NetStack.Tcp.Grid;

/// <summary>
/// One transfer over a cell's link in virtual time, from event to event: an application that opens a connection through
/// the stack and then receives (down) or sends (up) as fast as it goes.
/// </summary>
internal sealed class GridRun
{
    private readonly GridCell _cell;
    private readonly bool _down;
    private readonly StackFixture _fixture;
    private readonly SimulatedLink _toStack;
    private readonly SimulatedLink _toPeer;
    private readonly GridPeer _peer;
    private TcpFlow? _flow;

    private GridRun(GridCell cell, bool down, int seed)
    {
        _cell = cell;
        _down = down;
        var options = new IpStackOptions { InitialBuffer = cell.BufferBytes, MaximumBuffer = cell.BufferBytes };
        _fixture = new StackFixture(options, GridCell.Mtu);
        _toStack = new SimulatedLink(cell, new Random(seed));
        _toPeer = new SimulatedLink(cell, new Random(-seed));
        _peer = new GridPeer(options, packet => _toStack.Send(packet, _fixture.Time.Now));
    }

    /// <summary>Megabits of payload a second that arrive at the reader.</summary>
    public static double Goodput(GridCell cell, bool down, int seed) => new GridRun(cell, down, seed).Run();

    private long Now => (long)_fixture.Time.Now.TotalMicroseconds;

    private long Arrived => _down ? _peer.Received : _flow?.ReceiveQueue.Head ?? 0;

    private double Run()
    {
        while (Arrived < GridCell.Bytes)
        {
            Pass();
            var next = NextEvent();
            if (next > GridCell.Limit)
            {
                _fixture.Time.AdvanceTo(GridCell.Limit);
                break;
            }

            _fixture.Time.AdvanceTo(next);
        }

        return Math.Min(Arrived, GridCell.Bytes) * 8 / _fixture.Time.Now.TotalMicroseconds;
    }

    /// <summary>All that is due now, on both sides.</summary>
    private void Pass()
    {
        while (_toPeer.TryReceive(_fixture.Time.Now, out var packet))
        {
            _peer.Receive(packet, Now);
        }

        if (!_down && _peer.IsOpen)
        {
            Fill(_peer.Unsent, _peer.SendLimit);
        }

        _peer.Poll(Now);
        while (_toStack.TryReceive(_fixture.Time.Now, out var packet))
        {
            _fixture.Put(packet);
        }

        _fixture.Settle();
        Pump();
        _fixture.Settle();
        while (_fixture.Receive() is { } packet)
        {
            _toPeer.Send(packet, _fixture.Time.Now);
        }
    }

    /// <summary>The cluster's side of the flow.</summary>
    private void Pump()
    {
        if (_flow is null)
        {
            if (_fixture.TcpFlows.Count == 0)
            {
                return;
            }

            _flow = _fixture.TcpFlows[0];
            _flow.Accept();
        }

        while (_flow.ReceiveQueue.Length > 0)
        {
            _flow.AdvanceRead(_flow.ReadAsync(default).Now().Length);
        }

        while (_down && _flow.SendQueue.Length < _cell.BufferBytes)
        {
            _flow.AdvanceWrite(_flow.GetWriteMemoryAsync(default).Now().Length);
        }
    }

    private static void Fill(ByteQueue queue, int limit)
    {
        while (queue.Length < limit)
        {
            queue.Advance(queue.GetMemory().Length);
        }
    }

    private TimeSpan NextEvent()
    {
        var timer = Math.Min(_fixture.Loop.NextTimer, _peer.Deadline);
        var next = timer == TimerHeap.Never ? TimeSpan.MaxValue : TimeSpan.FromMicroseconds(timer);
        foreach (var due in (TimeSpan?[])[_toStack.NextDue, _toPeer.NextDue])
        {
            next = due < next ? due.Value : next;
        }

        Assert.True(next < TimeSpan.MaxValue, $"nothing will ever happen again: {_cell}");
        return next;
    }
}
