namespace Telepresence.TrafficManager.Discovery;

/// <summary>What came of the first list of a kind of objects.</summary>
internal enum FollowOutcome
{
    /// <summary>There it is.</summary>
    Listed,

    /// <summary>The API server knows no such kind.</summary>
    Unknown,

    /// <summary>The right is missing.</summary>
    Forbidden,
}
