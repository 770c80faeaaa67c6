using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Telepresence.Client.Errors;
using Telepresence.Client.Objects;
using Telepresence.Engine.Installation.Manifests;
using Telepresence.Kubernetes;

namespace Telepresence.Engine.Installation;

/// <summary>Applies objects one by one and remembers which were not there before, so that they can be taken back.</summary>
/// <param name="force">Takes over fields that others changed.</param>
internal sealed partial class ManifestApplication(
    KubernetesClient client,
    string managerNamespace,
    bool force,
    ILogger logger
)
{
    /// <summary>Bound of <see cref="UndoAsync"/>; the client of the engine waits a little longer.</summary>
    private static readonly TimeSpan _undo = TimeSpan.FromSeconds(10);

    private readonly List<Manifest> _created = [];

    /// <summary>What applying would do; changes nothing. Who may not look is told that all is new.</summary>
    public async Task<TelepresenceManagerObject> PlanAsync(Manifest manifest, CancellationToken cancellationToken)
    {
        try
        {
            var found = await ReadAsync(manifest, cancellationToken).ConfigureAwait(false);
            var isOthers =
                manifest.Kind == ResourceKinds.Namespace
                && found is not null
                && ManagerOwners.Of(found) != ManagerOwner.Telepresence;
            return View(
                manifest,
                isOthers ? ManagerObjectAction.Unchanged
                    : found is null ? ManagerObjectAction.Created
                    : ManagerObjectAction.Configured
            );
        }
        catch (KubernetesException e) when (e.StatusCode == HttpStatusCode.Forbidden)
        {
            return View(manifest, ManagerObjectAction.Created);
        }
    }

    /// <exception cref="TelepresenceException">InstallationConflict.</exception>
    /// <exception cref="KubernetesException">Any other failure of the API.</exception>
    public async Task<TelepresenceManagerObject> ApplyAsync(Manifest manifest, CancellationToken cancellationToken)
    {
        var before = await ReadAsync(manifest, cancellationToken).ConfigureAwait(false);
        if (before is null)
        {
            // Before the call, which may be stopped after the server did its part.
            _created.Add(manifest);
        }
        try
        {
            var after = await new GenericClient(client, manifest.Kind)
                .ApplyAsync(
                    manifest.Body,
                    manifest.Namespace,
                    manifest.Name,
                    InstallationLabels.Owner,
                    force,
                    cancellationToken
                )
                .ConfigureAwait(false);
            return View(
                manifest,
                before is null ? ManagerObjectAction.Created
                    : Version(before) == Version(after) ? ManagerObjectAction.Unchanged
                    : ManagerObjectAction.Configured
            );
        }
        catch (KubernetesException e) when (e.StatusCode == HttpStatusCode.Conflict)
        {
            throw ErrorCatalogue.Error(
                ErrorId.InstallationConflict,
                manifest.ToString(),
                e,
                ("object", manifest),
                ("reason", (e.Status?.Message ?? e.Message).TrimEnd('.')),
                ("namespace", managerNamespace)
            );
        }
    }

    /// <summary>Deletes what was created, the last first. What cannot be deleted is left for Uninstall, which finds it by its label.</summary>
    public async Task UndoAsync()
    {
        using CancellationTokenSource bound = new(_undo);
        foreach (var manifest in Enumerable.Reverse(_created))
        {
            try
            {
                await new GenericClient(client, manifest.Kind)
                    .DeleteAsync(manifest.Namespace, manifest.Name, cancellationToken: bound.Token)
                    .ConfigureAwait(false);
            }
            catch (Exception e) when (e is KubernetesException or OperationCanceledException)
            {
                LogLeft(manifest, e);
            }
        }
        _created.Clear();
    }

    /// <summary>An object as users see it.</summary>
    public TelepresenceManagerObject View(Manifest manifest, ManagerObjectAction action) =>
        new()
        {
            Kind = manifest.Kind.Kind,
            Name = manifest.Name,
            Namespace = manifest.Namespace ?? "",
            Action = action,
            ManagerNamespace = managerNamespace,
            Manifest = BlockYaml.Write(manifest.Body),
        };

    private Task<JsonObject?> ReadAsync(Manifest manifest, CancellationToken cancellationToken) =>
        new GenericClient(client, manifest.Kind).ReadAsync(manifest.Namespace, manifest.Name, cancellationToken);

    private static string? Version(JsonObject found) => (string?)found["metadata"]?["resourceVersion"];

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Manifest} was created and could not be deleted again")]
    private partial void LogLeft(Manifest manifest, Exception exception);
}
