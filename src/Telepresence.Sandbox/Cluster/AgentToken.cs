using System.Security.Cryptography;
using Telepresence.Protocol.Grpc;

namespace Telepresence.Sandbox.Cluster;

/// <summary>The bearer token that all traffic-agents of the sandbox have, in place of one for each ServiceAccount.</summary>
internal sealed class AgentToken : ICallCredentials
{
    private readonly Metadata _metadata = new();

    public AgentToken() => _metadata.Add("authorization", $"Bearer {Value}");

    public string Value { get; } = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));

    public ValueTask<Metadata?> GetMetadataAsync(CancellationToken cancellationToken) => new(_metadata);

    public void Invalidate() { }
}
