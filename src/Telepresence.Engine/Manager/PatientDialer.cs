using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Tunnel;

namespace Telepresence.Engine.Manager;

/// <summary>Opens tunnels once the way into the cluster stands, and waits for one that is lost.</summary>
/// <param name="dialer">The one of this moment.</param>
/// <param name="reachable">Of the way into the cluster.</param>
/// <param name="patience">How long a tunnel waits for it, in all.</param>
/// <param name="doubt">Told that the manager does not know the session.</param>
internal sealed class PatientDialer(Func<ITunnelDialer> dialer, Reachability reachable, TimeSpan patience, Action doubt)
    : ITunnelDialer
{
    public TunnelOptions Options => dialer().Options;

    /// <exception cref="RpcException">Unavailable: the way did not come back in time. Else what the dialer throws.</exception>
    public async ValueTask<ManagerTunnel> OpenAsync(ConnId id, CancellationToken cancellationToken)
    {
        var time = Options.TimeProvider;
        var began = time.GetTimestamp();
        var wasUnknown = false;
        while (true)
        {
            var losses = reachable.Losses;
            var left = patience - time.GetElapsedTime(began);
            if (!await reachable.WaitAsync(left, time, cancellationToken).ConfigureAwait(false))
                throw new RpcException(StatusCode.Unavailable, $"No way into the cluster for {patience}.");
            try
            {
                return await dialer().OpenAsync(id, cancellationToken).ConfigureAwait(false);
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.NotFound && !wasUnknown)
            {
                wasUnknown = true;
                doubt();
            }
            catch (RpcException) when (reachable.Losses != losses && !cancellationToken.IsCancellationRequested)
            {
                // What broke was the way, not this tunnel.
                continue;
            }
        }
    }
}
