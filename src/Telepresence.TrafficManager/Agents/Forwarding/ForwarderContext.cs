using System.Net;
using System.Net.Sockets;

namespace Telepresence.TrafficManager.Agents.Forwarding;

/// <summary>What all forwarders of an agent share.</summary>
internal sealed class ForwarderContext(TrafficAgentOptions options, ClientConnector clients, TunnelReports reports)
    : IAsyncDisposable
{
    private readonly OwnedTasks _taps = new();

    public TrafficAgentOptions Options => options;

    public TunnelReports Reports => reports;

    public ILogger Logger { get; } = options.LoggerFactory.CreateLogger<ForwarderContext>();

    /// <summary>A caller as the cluster knows it.</summary>
    public IPEndPoint PeerOf(IPEndPoint remote) =>
        options.PeerOf is { } map ? new IPEndPoint(map(remote.Address), remote.Port) : remote;

    /// <summary>The way to a client, or to the application where there is none.</summary>
    public async Task<IFarEnd> OpenAsync(
        ServedIntercept? taker,
        AgentPort port,
        IPEndPoint caller,
        CancellationToken cancellationToken
    ) =>
        taker is null
            ? new SocketEnd(await port.DialApp(cancellationToken).ConfigureAwait(false))
            : await clients.OpenAsync(taker, caller, port.Protocol, cancellationToken).ConfigureAwait(false);

    /// <summary>A copy for a client, of one connection; <see cref="End"/> must follow.</summary>
    public Tap Tap(ServedIntercept intercept, IPEndPoint caller, ProtocolType protocol) =>
        new(ct => clients.OpenAsync(intercept, caller, protocol, ct));

    /// <summary>The connection has ended; nobody waits for its copies.</summary>
    public void End(Tap tap) => _taps.Add(tap.DisposeAsync().AsTask());

    public async ValueTask DisposeAsync() => await _taps.WhenAllAsync().ConfigureAwait(false);
}
