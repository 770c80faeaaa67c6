namespace Telepresence.Engine.Manager;

/// <summary>Bearer tokens of whom the cluster is reached as. Safe for concurrent use.</summary>
internal interface IBearerTokens
{
    /// <summary>Why there is no token, as the rest of a sentence: <c>the user 'me' has a client certificate only</c>.</summary>
    string WhyNone { get; }

    /// <summary>The token of this moment; null: there is none.</summary>
    /// <exception cref="Client.Errors.TelepresenceException">It cannot be had, as when a credential plugin fails.</exception>
    ValueTask<string?> GetAsync(CancellationToken cancellationToken);

    /// <summary>The token given last was refused.</summary>
    void Invalidate();
}
