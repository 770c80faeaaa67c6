using System.Text.Json;
using Telepresence.Client.Contract;

namespace Telepresence.Client.Ipc;

/// <summary>Bounds of a <see cref="JsonRpcConnection"/>.</summary>
public sealed record JsonRpcOptions
{
    /// <summary>Where parameters and results find their JSON description; the contract's by default.</summary>
    public JsonSerializerOptions Serializer { get; init; } = ContractJson.Default.Options;

    /// <summary>Longest frame taken, in bytes; a peer that announces more is disconnected.</summary>
    public int MaximumFrame { get; init; } = 16 << 20;

    /// <summary>Requests of the peer that run at a time; further ones are refused.</summary>
    public int MaximumConcurrentRequests { get; init; } = 64;

    /// <summary>Notifications waiting for a slow peer; the oldest are dropped and counted past it.</summary>
    public int MaximumQueuedNotifications { get; init; } = 1024;
}
