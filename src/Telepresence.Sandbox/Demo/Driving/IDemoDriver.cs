using Telepresence.Client.Objects;

namespace Telepresence.Sandbox.Demo.Driving;

/// <summary>Who tells the engine what to do: this process over JSON-RPC, or the module in a pwsh.</summary>
internal interface IDemoDriver : IAsyncDisposable
{
    /// <summary>What of the cluster collides with routes that are there.</summary>
    Task<IReadOnlyList<TelepresenceConflict>> TestConflictAsync(DemoStage stage, CancellationToken cancellationToken);

    /// <summary>Connects with all cluster subnets translated.</summary>
    Task<TelepresenceSession> ConnectAsync(DemoStage stage, CancellationToken cancellationToken);

    /// <summary>Live connections into the cluster.</summary>
    Task<IReadOnlyList<TelepresenceConnection>> ListConnectionsAsync(
        DemoStage stage,
        CancellationToken cancellationToken
    );

    /// <summary>Ends the session.</summary>
    Task DisconnectAsync(DemoStage stage, CancellationToken cancellationToken);
}
