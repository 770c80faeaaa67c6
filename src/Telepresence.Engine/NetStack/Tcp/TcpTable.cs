using Telepresence.Engine.Packets;

namespace Telepresence.Engine.NetStack.Tcp;

/// <summary>All TCP connections of a loop, and the answers to segments that belong to none.</summary>
internal sealed class TcpTable(LoopContext loop, InitialSequence initial)
{
    private readonly Dictionary<FlowKey, TcpConnection> _connections = [];

    // Each in the order its connections came, which is the order they end in: a connection is in one of them at most.
    private readonly LinkedList<TcpConnection> _halfOpen = new();
    private readonly LinkedList<TcpConnection> _timeWait = new();

    // The loop alone changes the table and looks things up without it; snapshots from other threads take it.
    private readonly Lock _lock = new();

    public InitialSequence Initial => initial;

    public int Count => _connections.Count;
    public int HalfOpenCount => _halfOpen.Count;
    public int TimeWaitCount => _timeWait.Count;

    public void OnPacket(in IpPacket packet)
    {
        if (
            !TcpSegment.TryParse(packet.Payload, out var segment)
            || !TcpOptions.TryParse(segment.Options, out var options)
        )
        {
            loop.Counters.Drop(DropReason.MalformedTcp);
            return;
        }

        if (!packet.HasValidChecksum())
        {
            loop.Counters.Drop(DropReason.BadChecksum);
            return;
        }

        if (segment.SourcePort == 0 || segment.DestinationPort == 0)
        {
            loop.Counters.Drop(DropReason.MalformedTcp);
            return;
        }

        var key = new FlowKey(packet.Source, packet.Destination, segment.SourcePort, segment.DestinationPort);
        if (_connections.TryGetValue(key, out var connection))
        {
            if (!Supersedes(connection, segment, options))
            {
                connection.OnSegment(segment, options);
                return;
            }

            connection.Reset("The application opened the connection anew.");
        }

        if (IsOpening(segment))
        {
            Open(key, segment, options);
        }
        else
        {
            loop.Counters.Drop(DropReason.NoConnection);
            RefuseStray(key, segment);
        }
    }

    /// <summary>A router could not pass on a segment. Anyone may say so: the connection looks at the number quoted.</summary>
    public void OnPacketTooBig(in FlowKey key, SequenceNumber sequence, int mtu)
    {
        if (_connections.TryGetValue(key, out var connection))
        {
            connection.OnPacketTooBig(sequence, mtu);
        }
        else
        {
            loop.Counters.Drop(DropReason.NoConnection);
        }
    }

    /// <summary>Any thread.</summary>
    public void Snapshot(ICollection<ITcpFlow> flows)
    {
        lock (_lock)
        {
            foreach (var connection in _connections.Values)
            {
                flows.Add(connection.Flow);
            }
        }
    }

    public void Remove(TcpConnection connection)
    {
        lock (_lock)
        {
            _connections.Remove(connection.Key);
        }

        connection.Place.List?.Remove(connection.Place);
    }

    /// <summary>The handshake is complete.</summary>
    public void OnEstablished(TcpConnection connection) => _halfOpen.Remove(connection.Place);

    public void OnTimeWait(TcpConnection connection) => _timeWait.AddLast(connection.Place);

    /// <summary>RST for everything: the stack ends.</summary>
    public void ResetAll()
    {
        foreach (var connection in _connections.Values.ToArray())
        {
            connection.Reset("The network stack has ended.");
        }
    }

    public void SendReset(in FlowKey key, SequenceNumber sequence, SequenceNumber next, bool withAcknowledgment)
    {
        var flags = TcpFlags.Reset | (withAcknowledgment ? TcpFlags.Acknowledgment : TcpFlags.None);
        var fields = new TcpFields(key.DestinationPort, key.SourcePort, sequence, next, flags, 0);
        loop.Emitter.BeginTcp(key, fields, [], 0);
        loop.Emitter.SendTcp(key, ushort.MaxValue);
    }

    /// <summary>
    /// ICMP host (IPv6: address) unreachable for a SYN, which is quoted as far as its receiver looks at it.
    /// </summary>
    public void SendHostUnreachable(in FlowKey key, SequenceNumber sequence, ushort window)
    {
        Span<byte> quote = stackalloc byte[Ipv6Packet.HeaderLength + TcpSegment.MinimumHeaderLength];
        var length = IcmpQuote.WriteIp(quote, key, IPProtocol.Tcp, TcpSegment.MinimumHeaderLength);
        var fields = new TcpFields(key.SourcePort, key.DestinationPort, sequence, default, TcpFlags.Syn, window);
        TcpSegment.WriteHeader(quote[length..], fields, []);
        quote = quote[..(length + TcpSegment.MinimumHeaderLength)];
        if (key.Source.IsIPv4)
        {
            loop.Emitter.SendIcmp(key, IcmpMessage.DestinationUnreachable, IcmpMessage.HostUnreachableCode, 0, quote);
        }
        else
        {
            loop.Emitter.SendIcmp(
                key,
                IcmpMessage.DestinationUnreachableV6,
                IcmpMessage.AddressUnreachableCodeV6,
                0,
                quote
            );
        }
    }

    private static bool IsOpening(in TcpSegment segment) =>
        (segment.Flags & (TcpFlags.Syn | TcpFlags.Acknowledgment | TcpFlags.Reset | TcpFlags.Fin)) == TcpFlags.Syn;

    private static bool Supersedes(TcpConnection connection, in TcpSegment segment, in TcpOptions options) =>
        IsOpening(segment)
        && (
            connection.AllowsReuse(segment, options)
            // The application gave up on a pending dial and tries again from the same port.
            || (connection.State == TcpState.SynPending && !connection.IsOpenedBy(segment))
        );

    private void Open(in FlowKey key, in TcpSegment segment, in TcpOptions options)
    {
        if (_connections.Count >= loop.Options.MaximumFlows && !EvictTimeWait())
        {
            // Silence: the application's next SYN may find room.
            loop.Counters.Drop(DropReason.FlowLimit);
            return;
        }

        if (_halfOpen.Count >= loop.Options.MaximumHalfOpen)
        {
            // An honest one rarely lasts long enough to be the oldest of so many; if it was, its next SYN opens it again.
            loop.Counters.Drop(DropReason.HalfOpenLimit);
            _halfOpen.First!.Value.Forget();
        }

        var connection = new TcpConnection(loop, this, key, segment, options);
        lock (_lock)
        {
            _connections[key] = connection;
        }

        _halfOpen.AddLast(connection.Place);
        loop.Handler.OnTcpOpen(connection.Flow);
    }

    private bool EvictTimeWait()
    {
        _timeWait.First?.Value.Forget();
        return _connections.Count < loop.Options.MaximumFlows;
    }

    /// <summary>RFC 9293 §3.10.7.1.</summary>
    private void RefuseStray(in FlowKey key, in TcpSegment segment)
    {
        if (segment.Has(TcpFlags.Reset))
        {
            return;
        }

        if (segment.Has(TcpFlags.Acknowledgment))
        {
            SendReset(key, segment.Acknowledgment, default, withAcknowledgment: false);
        }
        else
        {
            SendReset(key, default, segment.Sequence + segment.SequenceLength, withAcknowledgment: true);
        }
    }
}
