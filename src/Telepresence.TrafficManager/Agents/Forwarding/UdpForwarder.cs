using System.Buffers;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Telepresence.Protocol.Tunnel;

namespace Telepresence.TrafficManager.Agents.Forwarding;

/// <summary>Stands before a UDP port: a conversation for each caller's address, until it is silent for a while (PROTOCOL §2.8).</summary>
internal sealed partial class UdpForwarder : PortForwarder
{
    private const int MaxConversations = 4096;
    private const int Backlog = 256;

    private readonly Socket _socket;
    private readonly ForwarderContext _context;
    private readonly ConcurrentDictionary<IPEndPoint, Channel<byte[]>> _conversations = new();
    private readonly Task _receiving;

    /// <exception cref="SocketException">The port is taken.</exception>
    public UdpForwarder(AgentPort port, ForwarderContext context)
        : base(port)
    {
        _context = context;
        _socket = new Socket(port.Listen.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            if (port.Listen.Address.Equals(IPAddress.IPv6Any))
                _socket.DualMode = true;
            _socket.Bind(port.Listen);
        }
        catch
        {
            _socket.Dispose();
            throw;
        }
        EndPoint = (IPEndPoint)_socket.LocalEndPoint!;
        _receiving = ReceiveAsync();
    }

    public override IPEndPoint EndPoint { get; }

    public override async ValueTask DisposeAsync()
    {
        await Stopping.CancelAsync().ConfigureAwait(false);
        await _receiving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await base.DisposeAsync().ConfigureAwait(false);
        _socket.Dispose();
    }

    private async Task ReceiveAsync()
    {
        var buffer = new byte[ushort.MaxValue];
        var any = new IPEndPoint(
            _socket.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any,
            0
        );
        while (true)
        {
            SocketReceiveFromResult received;
            try
            {
                received = await _socket
                    .ReceiveFromAsync(buffer, SocketFlags.None, any, Stopping.Token)
                    .ConfigureAwait(false);
            }
            catch (SocketException)
            {
                // An ICMP error about a caller that is gone; the socket goes on.
                continue;
            }
            var caller = (IPEndPoint)received.RemoteEndPoint;
            Offer(caller, buffer[..received.ReceivedBytes]);
        }
    }

    /// <summary>A conversation that does not keep up loses datagrams, as a socket would.</summary>
    private void Offer(IPEndPoint caller, byte[] datagram)
    {
        if (!_conversations.TryGetValue(caller, out var datagrams))
        {
            if (_conversations.Count >= MaxConversations)
                return;
            datagrams = Channel.CreateBounded<byte[]>(new BoundedChannelOptions(Backlog) { SingleReader = true });
            _conversations[caller] = datagrams;
            Connections.Add(ServeAsync(caller, datagrams));
        }
        datagrams.Writer.TryWrite(datagram);
    }

    private async Task ServeAsync(IPEndPoint caller, Channel<byte[]> datagrams)
    {
        var peer = _context.PeerOf(caller);
        var (rules, superseded) = Current();
        var taps = rules.Taps.Select(tap => _context.Tap(tap, peer, ProtocolType.Udp)).ToList();
        try
        {
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(Stopping.Token, superseded);
            var target = await _context.OpenAsync(rules.Unfiltered, Port, peer, ending.Token).ConfigureAwait(false);
            await using (target.ConfigureAwait(false))
            {
                using var idle = new IdleTimer(_context.Options.TimeProvider, _context.Options.UdpIdleTimeout);
                var relay = new Relay(new Caller(_socket, caller, datagrams.Reader), target, taps, idle);
                await relay.RunAsync(ending.Token).ConfigureAwait(false);
                if (rules.Unfiltered is { } taker)
                    _context.Reports.Add(taker.Session, relay.Traffic);
            }
        }
        catch (Exception e) when (ConnectionEnd.IsExpected(e))
        {
            LogEnded(_context.Logger, Port.ContainerPort, e.Message);
        }
        finally
        {
            _conversations.TryRemove(caller, out _);
            foreach (var tap in taps)
                _context.End(tap);
        }
    }

    [LoggerMessage(LogLevel.Debug, "A conversation with port {Port}/UDP ended: {Reason}")]
    private static partial void LogEnded(ILogger logger, int port, string reason);

    /// <summary>One caller of the listening socket.</summary>
    private sealed class Caller(Socket socket, IPEndPoint address, ChannelReader<byte[]> datagrams) : IFarEnd
    {
        public async ValueTask WaitAsync(CancellationToken cancellationToken) =>
            await datagrams.WaitToReadAsync(cancellationToken).ConfigureAwait(false);

        public async ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            var datagram = await datagrams.ReadAsync(cancellationToken).ConfigureAwait(false);
            datagram.CopyTo(buffer);
            return datagram.Length;
        }

        public async ValueTask SendAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken) =>
            await socket.SendToAsync(data, SocketFlags.None, address, cancellationToken).ConfigureAwait(false);

        /// <summary>Datagrams have no half-close: when one side is over, so is the conversation, and the next datagram begins another.</summary>
        public ValueTask CloseSendAsync(CancellationToken cancellationToken) =>
            throw new IOException("The conversation is over.");

        public ValueTask AbortAsync() => default;

        public ValueTask DisposeAsync() => default;
    }
}
