using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Telepresence.Engine.Engagements.Flows;
using Telepresence.Engine.NetStack;

namespace Telepresence.Engine.Engagements.Forwards;

/// <summary>A UDP port of this machine's loopback that leads to a port of the pod: a conversation for each that sends to it.</summary>
internal sealed class UdpForward : IAsyncDisposable
{
    private const int MostConversations = 1024;

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly ConcurrentDictionary<IPEndPoint, Conversation> _conversations = [];
    private readonly IPodCarrier _carrier;
    private readonly int _remotePort;
    private readonly RunningTasks _running;
    private readonly Task _receiving;

    /// <param name="localPort">0: any.</param>
    /// <param name="faulted">Told of faults.</param>
    /// <exception cref="SocketException">The port cannot be had.</exception>
    public UdpForward(int localPort, int remotePort, IPodCarrier carrier, Action<Exception> faulted)
    {
        _carrier = carrier;
        _remotePort = remotePort;
        _running = new RunningTasks(MostConversations, faulted);
        try
        {
            _socket.Bind(new IPEndPoint(IPAddress.Loopback, localPort));
        }
        catch
        {
            _socket.Dispose();
            throw;
        }
        Port = ((IPEndPoint)_socket.LocalEndPoint!).Port;
        _receiving = ReceiveAsync();
    }

    public int Port { get; }

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        await _receiving.ConfigureAwait(false);
        await _running.DisposeAsync().ConfigureAwait(false);
    }

    private async Task ReceiveAsync()
    {
        var buffer = new byte[ushort.MaxValue];
        var any = new IPEndPoint(IPAddress.Any, 0);
        while (true)
        {
            SocketReceiveFromResult received;
            try
            {
                received = await _socket.ReceiveFromAsync(buffer, any).ConfigureAwait(false);
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
            {
                // Whoever we answered is gone.
                continue;
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }
            Deliver((IPEndPoint)received.RemoteEndPoint, buffer.AsSpan(0, received.ReceivedBytes).ToArray());
        }
    }

    private void Deliver(IPEndPoint peer, byte[] datagram)
    {
        if (!_conversations.TryGetValue(peer, out var conversation))
        {
            conversation = new Conversation(this, peer);
            _conversations[peer] = conversation;
            if (!_running.TryRun(token => CarryAsync(conversation, token)))
            {
                conversation.Close();
                return;
            }
        }
        conversation.Deliver(datagram);
    }

    private async Task CarryAsync(Conversation conversation, CancellationToken cancellationToken)
    {
        try
        {
            await _carrier.CarryAsync(conversation, _remotePort, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            conversation.Close();
        }
    }

    private sealed class Conversation(UdpForward owner, IPEndPoint peer) : IUdpFlow
    {
        /// <summary>Datagrams that wait for the tunnel; what is too much is lost, as UDP may.</summary>
        private const int MostWaiting = 256;

        private readonly Channel<byte[]> _received = Channel.CreateBounded<byte[]>(
            new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropWrite }
        );

        public FlowEndpoints Endpoints { get; } = new(peer, new IPEndPoint(IPAddress.Loopback, owner.Port));

        public FlowStatistics Statistics => default;

        public void Deliver(byte[] datagram) => _received.Writer.TryWrite(datagram);

        public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken)
        {
            if (!await _received.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
                return null;
            _received.Reader.TryRead(out var datagram);
            return datagram.AsMemory();
        }

        public bool Send(ReadOnlySpan<byte> payload)
        {
            try
            {
                return owner._socket.SendTo(payload, SocketFlags.None, peer) == payload.Length;
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return false;
            }
        }

        public void Unreachable() => Close();

        public void Close()
        {
            owner._conversations.TryRemove(KeyValuePair.Create(peer, this));
            _received.Writer.TryComplete();
        }
    }
}
