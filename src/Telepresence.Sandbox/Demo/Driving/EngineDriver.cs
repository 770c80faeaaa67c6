using Telepresence.Client;
using Telepresence.Client.Contract;
using Telepresence.Client.Objects;

namespace Telepresence.Sandbox.Demo.Driving;

/// <summary>Speaks to the engine as the cmdlets do, without pwsh.</summary>
internal sealed class EngineDriver(DemoCluster cluster) : IDemoDriver
{
    private readonly EngineAccess _access = new(new EngineSource());
    private readonly SubnetSelection _translateAll = new() { Vnat = ["all"] };
    private readonly ClusterSelection _cluster = new() { Kubeconfig = cluster.Kubeconfig };
    private EngineClient? _engine;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<TelepresenceConflict>> TestConflictAsync(
        DemoStage stage,
        CancellationToken cancellationToken
    )
    {
        await using var engine = await _access.GetAnyAsync(cancellationToken).ConfigureAwait(false);
        return await engine
            .TestConflictAsync(new ConflictParameters { Cluster = _cluster }, cancellationToken)
            .ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<TelepresenceSession> ConnectAsync(DemoStage stage, CancellationToken cancellationToken)
    {
        _engine = await _access.GetNetworkAsync(null, cancellationToken).ConfigureAwait(false);
        var parameters = new ConnectParameters
        {
            Cluster = _cluster,
            Namespace = DemoCluster.Namespace,
            Subnets = _translateAll,
            TimeoutSeconds = 15,
        };
        var session = await _engine.ConnectAsync(parameters, null, cancellationToken).ConfigureAwait(false);
        stage.Note(
            $"session {session.Name}: {string.Join(", ", session.TranslatedSubnets)} → {session.VirtualSubnet}, "
                + $"manager {session.ManagerVersion}"
        );
        return session;
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<TelepresenceConnection>> ListConnectionsAsync(
        DemoStage stage,
        CancellationToken cancellationToken
    )
    {
        return await Engine.ConnectionsAsync(stage.Session.Name, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task DisconnectAsync(DemoStage stage, CancellationToken cancellationToken)
    {
        await Engine.DisconnectAsync(stage.Session.Name, cancellationToken).ConfigureAwait(false);
        // The engine stays for those who are still connected to it.
        await DisposeAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_engine is { } engine)
        {
            _engine = null;
            await engine.DisposeAsync().ConfigureAwait(false);
        }
    }

    private EngineClient Engine => _engine ?? throw new InvalidOperationException("Not connected.");
}
