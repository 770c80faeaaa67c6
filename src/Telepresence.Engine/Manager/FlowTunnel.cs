using Telepresence.Engine.NetStack;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Tunnel;

namespace Telepresence.Engine.Manager;

/// <summary>Joins flows of the stack to tunnels, from the first packet to the end of both.</summary>
/// <param name="dialer">Where tunnels are opened.</param>
/// <param name="counters">Of the session.</param>
internal sealed class FlowTunnel(ITunnelDialer dialer, FlowCounters counters)
{
    private TunnelOptions Options => dialer.Options;

    /// <summary>
    /// Opens a tunnel, answers the SYN as the far side answered, copies until both directions have ended. Whatever goes
    /// wrong ends the flow, not the caller: only a cancelled <paramref name="cancellationToken"/> is thrown on.
    /// </summary>
    /// <param name="flow">Not answered yet.</param>
    /// <param name="id">What to dial: the flow's destination, translated.</param>
    /// <param name="cancellationToken">The session ends.</param>
    public async Task RunAsync(ITcpFlow flow, ConnId id, CancellationToken cancellationToken)
    {
        counters.Begin();
        try
        {
            using var tunnel = await ConnectAsync(flow, id, cancellationToken).ConfigureAwait(false);
            if (tunnel is null)
                return;
            flow.Accept();
            await new TcpPump(flow, tunnel, counters, Options).RunAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            flow.Abort();
            throw;
        }
        catch (Exception e) when (IsExpected(e))
        {
            if (e is not FlowAbortedException)
                counters.Break();
            flow.Abort();
        }
        catch
        {
            // A fault of ours: the application must not wait for a flow that nobody serves.
            flow.Abort();
            throw;
        }
        finally
        {
            counters.End();
        }
    }

    /// <summary>Opens a tunnel and copies datagrams until the flow or the tunnel ends, or both are idle.</summary>
    /// <inheritdoc cref="RunAsync(ITcpFlow,ConnId,CancellationToken)"/>
    public async Task RunAsync(IUdpFlow flow, ConnId id, CancellationToken cancellationToken)
    {
        counters.Begin();
        try
        {
            var (tunnel, result) = await DialAsync(id, cancellationToken).ConfigureAwait(false);
            using var _ = tunnel;
            if (result.Outcome != DialOutcome.Connected)
            {
                counters.Reject(result.Outcome);
                flow.Unreachable();
                return;
            }
            await new UdpPump(flow, tunnel, counters, Options).RunAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (IsExpected(e) && !cancellationToken.IsCancellationRequested)
        {
            counters.Break();
            // What a reset is to TCP: the application learns that nothing more comes.
            flow.Unreachable();
        }
        finally
        {
            flow.Close();
            counters.End();
        }
    }

    internal static bool IsExpected(Exception exception) =>
        exception is FlowAbortedException || ManagerTunnel.IsOfTunnel(exception);

    /// <summary>Null: the flow was answered otherwise, or is gone.</summary>
    private async Task<ManagerTunnel?> ConnectAsync(ITcpFlow flow, ConnId id, CancellationToken cancellationToken)
    {
        using var given = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var dial = DialAsync(id, given.Token);
        if (await Task.WhenAny(dial, flow.Closed).ConfigureAwait(false) != dial)
            await given.CancelAsync().ConfigureAwait(false);
        try
        {
            var (tunnel, result) = await dial.ConfigureAwait(false);
            if (result.Outcome == DialOutcome.Connected)
                return tunnel;
            tunnel.Dispose();
            counters.Reject(result.Outcome);
            if (result.Outcome == DialOutcome.Refused)
                flow.Refuse();
            else
                flow.Unreachable();
            return null;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
        catch (RpcException)
        {
            counters.Break();
            flow.Unreachable();
            return null;
        }
    }

    private async Task<(ManagerTunnel Tunnel, DialResult Result)> DialAsync(
        ConnId id,
        CancellationToken cancellationToken
    )
    {
        var tunnel = await dialer.OpenAsync(id, cancellationToken).ConfigureAwait(false);
        try
        {
            return (tunnel, await tunnel.DialResult.WaitAsync(cancellationToken).ConfigureAwait(false));
        }
        catch
        {
            tunnel.Dispose();
            throw;
        }
    }
}
