namespace Telepresence.Sandbox;

/// <summary>Why a sandbox could not start.</summary>
public enum SandboxErrorId
{
    /// <summary>A chosen subnet has too few addresses.</summary>
    SubnetTooSmall,

    /// <summary>Chosen subnets overlap each other, or two have the same family and purpose.</summary>
    SubnetsInvalid,

    /// <summary>The API server's address cannot be bound.</summary>
    ListenFailed,

    /// <summary>No such service in this sandbox.</summary>
    ServiceNotFound,
}

/// <summary>A sandbox's error: an id, what happened and what to do next.</summary>
public sealed class SandboxException : Exception
{
    /// <param name="id">For programs.</param>
    /// <param name="message">For people: what happened and the next step.</param>
    /// <param name="inner">The cause, if any.</param>
    public SandboxException(SandboxErrorId id, string message, Exception? inner = null)
        : base(message, inner)
    {
        Id = id;
    }

    /// <summary>Which error it is.</summary>
    public SandboxErrorId Id { get; }
}
