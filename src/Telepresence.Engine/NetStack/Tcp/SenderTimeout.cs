namespace Telepresence.Engine.NetStack.Tcp;

/// <summary>What follows from an expired retransmission or persist timer.</summary>
internal enum SenderTimeout
{
    /// <summary>The sender has gone back to the oldest unacknowledged byte.</summary>
    Retransmit,

    /// <summary>The peer's window is closed: ask it.</summary>
    Probe,

    /// <summary>Unanswered for too long.</summary>
    GiveUp,
}
