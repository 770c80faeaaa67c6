using System.Net;
using System.Net.Sockets;
using Telepresence.Protocol.Tunnel;

namespace Telepresence.TrafficManager.Agents.Forwarding;

/// <summary>Stands before a TCP port.</summary>
internal sealed partial class TcpForwarder : PortForwarder
{
    private const int Backlog = 1024;

    private readonly Socket _listener;
    private readonly ForwarderContext _context;
    private readonly Task _accepting;

    /// <exception cref="SocketException">The port is taken.</exception>
    public TcpForwarder(AgentPort port, ForwarderContext context)
        : base(port)
    {
        _context = context;
        _listener = new Socket(port.Listen.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (port.Listen.Address.Equals(IPAddress.IPv6Any))
                _listener.DualMode = true;
            _listener.Bind(port.Listen);
            _listener.Listen(Backlog);
        }
        catch
        {
            _listener.Dispose();
            throw;
        }
        EndPoint = (IPEndPoint)_listener.LocalEndPoint!;
        _accepting = AcceptAsync();
    }

    public override IPEndPoint EndPoint { get; }

    public override async ValueTask DisposeAsync()
    {
        await Stopping.CancelAsync().ConfigureAwait(false);
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _listener.Dispose();
        await base.DisposeAsync().ConfigureAwait(false);
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            try
            {
                var socket = await _listener.AcceptAsync(Stopping.Token).ConfigureAwait(false);
                socket.NoDelay = true;
                Connections.Add(ServeAsync(socket));
            }
            catch (SocketException)
            {
                // A caller that was gone before it was accepted.
                continue;
            }
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        var caller = new SocketEnd(socket);
        await using (caller.ConfigureAwait(false))
        {
            try
            {
                var peer = _context.PeerOf((IPEndPoint)socket.RemoteEndPoint!);
                var (rules, superseded) = Current();
                using var ending = CancellationTokenSource.CreateLinkedTokenSource(Stopping.Token, superseded);
                await ForwardAsync(caller, peer, rules, ending.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (ConnectionEnd.IsExpected(e))
            {
                LogEnded(_context.Logger, Port.ContainerPort, e.Message);
                await caller.AbortAsync().ConfigureAwait(false);
            }
        }
    }

    private async Task ForwardAsync(
        SocketEnd caller,
        IPEndPoint peer,
        PortRules rules,
        CancellationToken cancellationToken
    )
    {
        if (rules.IsSelective)
        {
            var requests = new HttpForwarding(caller, peer, () => Rules, Port, _context);
            await using (requests.ConfigureAwait(false))
                await requests.RunAsync(cancellationToken).ConfigureAwait(false);
            return;
        }
        var taker = rules.Unfiltered;
        var taps = rules.Taps.Select(tap => _context.Tap(tap, peer, ProtocolType.Tcp)).ToList();
        try
        {
            var target = await _context.OpenAsync(taker, Port, peer, cancellationToken).ConfigureAwait(false);
            await using (target.ConfigureAwait(false))
            {
                using var idle = new IdleTimer(_context.Options.TimeProvider, _context.Options.TcpIdleTimeout);
                var relay = new Relay(caller, target, taps, idle);
                await relay.RunAsync(cancellationToken).ConfigureAwait(false);
                if (taker is not null)
                    _context.Reports.Add(taker.Session, relay.Traffic);
            }
        }
        finally
        {
            foreach (var tap in taps)
                _context.End(tap);
        }
    }

    [LoggerMessage(LogLevel.Debug, "A connection to port {Port} ended: {Reason}")]
    private static partial void LogEnded(ILogger logger, int port, string reason);
}
