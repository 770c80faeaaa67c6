using System.Text.Json;
using System.Text.Json.Serialization;
using Telepresence.Client.Objects;

namespace Telepresence.Sandbox.Demo.Driving;

/// <summary>Drives the engine through the module, each cmdlet in a pwsh of its own, as scripts do.</summary>
internal sealed class PwshDriver : IDemoDriver
{
    private static readonly TimeSpan _timeout = TimeSpan.FromSeconds(25);
    private static readonly JsonSerializerOptions _json = new() { Converters = { new JsonStringEnumConverter() } };

    private readonly string _manifest = BuiltModule.Locate();

    /// <inheritdoc/>
    public async Task<IReadOnlyList<TelepresenceConflict>> TestConflictAsync(
        DemoStage stage,
        CancellationToken cancellationToken
    )
    {
        var script = "Test-TelepresenceConflict";
        return await RunAsync<TelepresenceConflict>(stage, script, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<TelepresenceSession> ConnectAsync(DemoStage stage, CancellationToken cancellationToken)
    {
        var script = $"Connect-Telepresence -Namespace {DemoCluster.Namespace} -Vnat all -TimeoutSeconds 15";
        var sessions = await RunAsync<TelepresenceSession>(stage, script, cancellationToken).ConfigureAwait(false);
        return sessions is [var session]
            ? session
            : throw new VerdictException($"Connect-Telepresence wrote {sessions.Length} sessions");
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<TelepresenceConnection>> ListConnectionsAsync(
        DemoStage stage,
        CancellationToken cancellationToken
    )
    {
        return await RunAsync<TelepresenceConnection>(stage, "Get-TelepresenceConnection", cancellationToken)
            .ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task DisconnectAsync(DemoStage stage, CancellationToken cancellationToken)
    {
        await RunAsync<TelepresenceSession>(
                stage,
                $"Disconnect-Telepresence -Name {stage.Session.Name}",
                cancellationToken
            )
            .ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task<T[]> RunAsync<T>(DemoStage stage, string cmdlet, CancellationToken cancellationToken)
    {
        var script =
            "$ErrorActionPreference = 'Stop'; $ProgressPreference = 'SilentlyContinue'; $PSStyle.OutputRendering = 'PlainText'; "
            + $"Import-Module '{_manifest}'; $found = {cmdlet}; ConvertTo-Json -InputObject @($found) -EnumsAsStrings -Depth 4";
        var seen = await ForeignProgram
            .RunAsync(
                "pwsh",
                ["-NoLogo", "-NoProfile", "-NonInteractive", "-Command", script],
                _timeout,
                cancellationToken
            )
            .ConfigureAwait(false);
        if (!seen.Succeeded)
        {
            stage.Show(seen with { CommandLine = $"pwsh -c '{cmdlet}'" });
            throw new VerdictException($"{cmdlet}: {seen.Status}: {seen.FirstLine}");
        }
        var found = JsonSerializer.Deserialize<T[]>(seen.Output, _json) ?? [];
        stage.Show(seen with { CommandLine = $"pwsh -c '{cmdlet}'", Output = found.Length > 0 ? $"{found[0]}" : "" });
        return found;
    }
}
