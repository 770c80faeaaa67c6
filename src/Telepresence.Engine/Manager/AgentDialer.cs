using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Tunnel;

namespace Telepresence.Engine.Manager;

/// <summary>
/// Opens the tunnel of one flow with one of a workload's agents, the next one when that fails. The link is kept open until
/// disposal, which is the flow's end.
/// </summary>
/// <param name="links">Best first.</param>
/// <param name="sessionId">The client's with the traffic-manager.</param>
internal sealed class AgentDialer(IReadOnlyList<AgentLink> links, string sessionId, TunnelOptions options)
    : ITunnelDialer,
        IDisposable
{
    /// <summary>The application waits: a workload of a hundred dead pods is as good as one of three.</summary>
    private const int MostAttempts = 3;

    private AgentLink? _used;

    public TunnelOptions Options => options;

    public async ValueTask<ManagerTunnel> OpenAsync(ConnId id, CancellationToken cancellationToken)
    {
        RpcException? failure = null;
        foreach (var link in links.Take(MostAttempts))
        {
            // A link that was open may have broken unseen: this flow would be the one to find out.
            for (var isOld = link.IsOpen; ; isOld = false)
            {
                try
                {
                    return await OpenAsync(link, id, cancellationToken).ConfigureAwait(false);
                }
                catch (RpcException e) when (!cancellationToken.IsCancellationRequested)
                {
                    link.MarkFailed();
                    failure = e;
                    if (!isOld || e.StatusCode == StatusCode.DeadlineExceeded)
                        break;
                }
            }
        }
        throw failure ?? new RpcException(StatusCode.Unavailable, "The workload has no agent.");
    }

    public void Dispose() => Interlocked.Exchange(ref _used, null)?.Release();

    private async ValueTask<ManagerTunnel> OpenAsync(AgentLink link, ConnId id, CancellationToken cancellationToken)
    {
        var agent = await link.AcquireAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var tunnel = await new TunnelDialer(agent.OpenTunnel, sessionId, options)
                .OpenAsync(id, cancellationToken)
                .ConfigureAwait(false);
            link.ClearFailure();
            _used = link;
            return tunnel;
        }
        catch
        {
            link.Release();
            throw;
        }
    }
}
