namespace Telepresence.Kubernetes;

/// <summary>The <c>auth-provider</c> part of a user: what credential plugins replaced in Kubernetes 1.26.</summary>
internal sealed record AuthProviderConfig(string Name, string? IdToken);
