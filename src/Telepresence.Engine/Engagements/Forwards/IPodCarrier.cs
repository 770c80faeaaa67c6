using Telepresence.Engine.NetStack;

namespace Telepresence.Engine.Engagements.Forwards;

/// <summary>Carries flows of this machine to the pod that serves an engagement at this moment.</summary>
internal interface IPodCarrier
{
    /// <summary>Until the flow is over; it is refused while no pod serves the engagement.</summary>
    /// <param name="port">Of the pod.</param>
    Task CarryAsync(ITcpFlow flow, int port, CancellationToken cancellationToken);

    /// <inheritdoc cref="CarryAsync(ITcpFlow, int, CancellationToken)"/>
    Task CarryAsync(IUdpFlow flow, int port, CancellationToken cancellationToken);
}
