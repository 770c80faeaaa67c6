using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;
using Telepresence.TrafficManager.Tunnels;

namespace Telepresence.TrafficManager.Agents;

/// <summary>
/// Tells the manager what clients' tunnels carried. It is no more than statistics: what fails or comes too fast is left out.
/// </summary>
internal sealed class TunnelReports(ManagerClient manager) : IAsyncDisposable
{
    private const int MaxConcurrent = 32;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    private readonly OwnedTasks _reports = new();
    private int _running;

    public void Add(string session, TunnelTraffic traffic)
    {
        if (Interlocked.Increment(ref _running) > MaxConcurrent)
            Interlocked.Decrement(ref _running);
        else
            _reports.Add(ReportAsync(session, traffic));
    }

    public async ValueTask DisposeAsync() => await _reports.WhenAllAsync().ConfigureAwait(false);

    private async Task ReportAsync(string session, TunnelTraffic traffic)
    {
        try
        {
            var metrics = new TunnelMetrics
            {
                ClientSessionId = session,
                IngressBytes = (ulong)traffic.ToCluster,
                EgressBytes = (ulong)traffic.FromCluster,
            };
            await manager.ReportMetrics(metrics, new CallOptions(Deadline: Limit));
        }
        catch (RpcException)
        {
            // The manager may be away, or too old to count.
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }
}
