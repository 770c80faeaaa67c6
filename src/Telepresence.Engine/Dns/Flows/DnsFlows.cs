using Telepresence.Engine.NetStack;

namespace Telepresence.Engine.Dns;

/// <summary>Where flows to port 53 end that the stack found: the front answers them.</summary>
internal sealed class DnsFlows(DnsFront front, TimeProvider time)
{
    public const int Port = 53;

    /// <summary>Completes when the flow is over; the caller owns the task.</summary>
    public Task ServeAsync(IUdpFlow flow, CancellationToken cancellationToken) =>
        new DnsUdpFlow(front, flow, time).ServeAsync(cancellationToken);

    /// <summary>Accepts the connection; completes when it is over. The caller owns the task.</summary>
    public async Task ServeAsync(ITcpFlow flow, CancellationToken cancellationToken)
    {
        using var connection = new DnsTcpFlow(front, flow, time);
        await connection.ServeAsync(cancellationToken).ConfigureAwait(false);
    }
}
