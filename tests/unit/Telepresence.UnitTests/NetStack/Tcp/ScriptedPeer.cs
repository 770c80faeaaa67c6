using Telepresence.Engine.NetStack.Tcp;
using Telepresence.Engine.Packets;

namespace Telepresence.UnitTests.NetStack.Tcp;

/// <summary>A TCP segment as a test sees it.</summary>
internal sealed record Segment(
    TcpFlags Flags,
    uint Sequence,
    uint Acknowledgment,
    ushort Window,
    byte[] Payload,
    TcpOptions Options
)
{
    public bool Has(TcpFlags flags) => (Flags & flags) == flags;
}

/// <summary>
/// The application's side of one connection, word for word as the test says. Sequence numbers are absolute; the
/// application's first is <see cref="Initial"/>.
/// </summary>
internal sealed class ScriptedPeer(StackFixture fixture, bool ipv6 = false, ushort port = 40_000)
{
    public const uint Initial = 0xffff_ff00;
    private readonly NetAddress _source = StackFixture.Address(ipv6 ? "fd00::1" : "10.0.0.1");
    private readonly NetAddress _target = StackFixture.Address(ipv6 ? "fd10::5" : "10.96.0.5");

    /// <summary>The stack's first sequence number, after the SYN-ACK.</summary>
    public uint StackInitial { get; private set; }

    /// <summary>The application's next sequence number after the handshake.</summary>
    public static uint Next => unchecked(Initial + 1);
    public uint StackNext => StackInitial + 1;
    public bool Timestamps { get; set; }
    public uint Timestamp { get; set; } = 1000;

    public void Syn(uint sequence = Initial, TcpOptions? options = null, ushort window = 65_535) =>
        Send(
            TcpFlags.Syn,
            sequence,
            0,
            window: window,
            options: options
                ?? new TcpOptions
                {
                    MaximumSegmentSize = 1460,
                    SackPermitted = true,
                    WindowScale = 7,
                    HasTimestamps = Timestamps,
                    TimestampValue = Timestamp,
                }
        );

    /// <summary>The whole handshake; returns the stack's flow.</summary>
    public TcpFlow Open(TcpOptions? options = null, ushort window = 512)
    {
        Syn(options: options);
        var flow = fixture.TcpFlows[^1];
        flow.Accept();
        fixture.Settle();
        var answer = Expect();
        Assert.Equal(TcpFlags.Syn | TcpFlags.Acknowledgment, answer.Flags);
        Assert.Equal(Next, answer.Acknowledgment);
        StackInitial = answer.Sequence;
        Ack(window: window);
        ExpectNothing();
        return flow;
    }

    public void Ack(
        uint? sequence = null,
        uint? acknowledgment = null,
        ushort window = 512,
        TcpOptions? options = null
    ) => Send(TcpFlags.Acknowledgment, sequence ?? Next, acknowledgment ?? StackNext, [], window, options);

    public void Data(
        uint sequence,
        ReadOnlySpan<byte> payload,
        TcpFlags more = TcpFlags.None,
        uint? acknowledgment = null
    ) => Send(TcpFlags.Acknowledgment | more, sequence, acknowledgment ?? StackNext, payload);

    public void Send(
        TcpFlags flags,
        uint sequence,
        uint acknowledgment,
        ReadOnlySpan<byte> payload = default,
        ushort window = 512,
        TcpOptions? options = null
    )
    {
        var effective = options ?? default;
        if (Timestamps && options is null)
        {
            effective.HasTimestamps = true;
            effective.TimestampValue = Timestamp;
        }

        Span<byte> optionBytes = stackalloc byte[40];
        var fields = new TcpFields(port, 80, new(sequence), new(acknowledgment), flags, window);
        optionBytes = optionBytes[..effective.Write(optionBytes)];
        var segment = new byte[20 + optionBytes.Length + payload.Length];
        TcpSegment.WriteHeader(segment, fields, optionBytes);
        payload.CopyTo(segment.AsSpan(20 + optionBytes.Length));
        fixture.Send(StackFixture.Ip(_source, _target, IPProtocol.Tcp, segment));
    }

    public Segment Expect() => Take() ?? throw new Xunit.Sdk.XunitException("The stack sent nothing.");

    public void ExpectNothing() => Assert.Null(Take());

    /// <summary>The stack's next segment, its checksums verified.</summary>
    private Segment? Take()
    {
        if (fixture.Receive() is not { } packet)
        {
            return null;
        }

        ReadOnlySpan<byte> transport;
        if (Ipv4Packet.TryParse(packet, out var v4))
        {
            Assert.Equal((_target, _source, IPProtocol.Tcp), (v4.Source, v4.Destination, v4.Protocol));
            transport = v4.Payload;
        }
        else
        {
            Assert.True(Ipv6Packet.TryParse(packet, out var v6));
            Assert.Equal((_target, _source, IPProtocol.Tcp), (v6.Source, v6.Destination, v6.Protocol));
            transport = v6.Payload;
        }

        var sum = InternetChecksum.PseudoHeader(_target, _source, IPProtocol.Tcp, transport.Length);
        Assert.True(InternetChecksum.IsValid(InternetChecksum.Add(sum, transport)));
        Assert.True(TcpSegment.TryParse(transport, out var segment));
        Assert.True(TcpOptions.TryParse(segment.Options, out var options));
        Assert.Equal((80, port), (segment.SourcePort, segment.DestinationPort));
        return new Segment(
            segment.Flags,
            segment.Sequence.Value,
            segment.Acknowledgment.Value,
            segment.Window,
            segment.Payload.ToArray(),
            options
        );
    }
}
