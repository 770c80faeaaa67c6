namespace Telepresence.Client.Objects;

/// <summary>Where a throughput figure comes from.</summary>
public enum ThroughputSource
{
    /// <summary>There is none: no connection to the target was open.</summary>
    None,

    /// <summary>What other programs received from the target meanwhile, by the engine's counters. No load of ours.</summary>
    Observed,

    /// <summary>Downloads of the target's URL, one after another.</summary>
    Download,
}
