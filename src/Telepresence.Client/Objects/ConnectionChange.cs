namespace Telepresence.Client.Objects;

/// <summary>What happened to a connection.</summary>
public enum ConnectionChange
{
    /// <summary>A program opened it.</summary>
    Opened,

    /// <summary>It went into another state.</summary>
    StateChanged,

    /// <summary>It is over; the counters are its last.</summary>
    Closed,
}
