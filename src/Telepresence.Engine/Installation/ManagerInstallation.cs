using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Objects;
using Telepresence.Engine.Installation.Manifests;
using Telepresence.Engine.Installation.Values;
using Telepresence.Engine.Session;
using Telepresence.Kubernetes;

namespace Telepresence.Engine.Installation;

/// <summary>Installs and updates a traffic-manager: applies its objects one after another and waits until it runs.</summary>
internal sealed class ManagerInstallation(SessionServices services)
{
    private static readonly TimeSpan _defaultTimeout = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Where applying fails, or is stopped, what was created is deleted again. Where everything was applied and the manager
    /// does not run, it is left to be looked at.
    /// </summary>
    /// <exception cref="TelepresenceException">ManagerInstalled, ManagerOwnedByOther, InvalidManagerValue,
    /// InstallationForbidden, InstallationConflict, ManagerNotAvailable, Timeout.</exception>
    /// <exception cref="KubernetesException">Any other failure of the API.</exception>
    public Task<InstallationResult> InstallAsync(
        InstallationParameters parameters,
        IProgress<InstallationStep> progress,
        CancellationToken cancellationToken
    ) => RunAsync(parameters, isUpdate: false, progress, cancellationToken);

    /// <summary>As <see cref="InstallAsync"/>, over the values of before; what fails leaves the objects as they then are.</summary>
    /// <exception cref="TelepresenceException">ManagerNotInstalled, and what installing throws.</exception>
    public Task<InstallationResult> UpdateAsync(
        InstallationParameters parameters,
        IProgress<InstallationStep> progress,
        CancellationToken cancellationToken
    ) => RunAsync(parameters, isUpdate: true, progress, cancellationToken);

    private async Task<InstallationResult> RunAsync(
        InstallationParameters parameters,
        bool isUpdate,
        IProgress<InstallationStep> progress,
        CancellationToken cancellationToken
    )
    {
        using var target = InstallationTarget.Open(parameters, services);
        var timeout = parameters.TimeoutSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : _defaultTimeout;
        var deadline = new InstallationDeadline(
            timeout,
            isUpdate ? "Update-TelepresenceManager" : "Install-TelepresenceManager",
            services.Time
        );
        return await deadline
            .RunAsync(
                target.Namespace,
                progress,
                async (steps, isLate, token) =>
                {
                    steps.Report(new InstallationStep($"looking at {target.Client.Configuration.Server}", 0));
                    var present = await ReadPresentAsync(target, parameters, isUpdate, token).ConfigureAwait(false);
                    var values = ValuesSources.Read(parameters, parameters.ResetValues ? null : present);
                    var objects = await ApplyAsync(target, parameters, isUpdate, values, timeout, steps, isLate, token)
                        .ConfigureAwait(false);
                    return new InstallationResult { Objects = objects, Warnings = values.Warnings };
                },
                cancellationToken
            )
            .ConfigureAwait(false);
    }

    /// <summary>
    /// As <see cref="PresentAsync"/>. Who may not even look is told all the rights that are missing; a dry run for somebody
    /// else to apply goes on without.
    /// </summary>
    private static async Task<JsonObject?> ReadPresentAsync(
        InstallationTarget target,
        InstallationParameters parameters,
        bool isUpdate,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await PresentAsync(target, parameters, isUpdate, cancellationToken).ConfigureAwait(false);
        }
        catch (KubernetesException e) when (e.StatusCode == HttpStatusCode.Forbidden)
        {
            if (parameters.DryRun && !isUpdate)
            {
                return null;
            }
            var manifests = ManagerManifests.Make(target.Namespace, ValuesSources.Read(parameters, null));
            await InstallationRights.RequireAsync(target, manifests, cancellationToken).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The values of before; none for an installation, which must find nothing complete.</summary>
    private static async Task<JsonObject?> PresentAsync(
        InstallationTarget target,
        InstallationParameters parameters,
        bool isUpdate,
        CancellationToken cancellationToken
    )
    {
        var ns = target.Namespace;
        var owner = await ManagerOwners.FindAsync(target.Client, ns, cancellationToken).ConfigureAwait(false);
        ManagerOwners.Require(owner, ManagerOwner.Telepresence, ns);
        if (isUpdate && owner == ManagerOwner.Nobody)
        {
            throw ErrorCatalogue.Error(ErrorId.ManagerNotInstalled, ns, ("namespace", ns));
        }
        var present = await KeptValues.ReadAsync(target.Client, ns, cancellationToken).ConfigureAwait(false);
        return !isUpdate && owner == ManagerOwner.Telepresence && present is not null && !parameters.DryRun
                ? throw ErrorCatalogue.Error(ErrorId.ManagerInstalled, ns, ("namespace", ns))
            : isUpdate ? present
            : null;
    }

    private async Task<IReadOnlyList<TelepresenceManagerObject>> ApplyAsync(
        InstallationTarget target,
        InstallationParameters parameters,
        bool isUpdate,
        ManagerValues values,
        TimeSpan timeout,
        IProgress<InstallationStep> steps,
        Func<bool> isLate,
        CancellationToken cancellationToken
    )
    {
        var ns = target.Namespace;
        var all = ManagerManifests.Make(ns, values);
        var kept = KeptValues.Make(ns, values);
        ManifestApplication application = new(
            target.Client,
            ns,
            parameters.Force,
            services.Loggers.CreateLogger<ManifestApplication>()
        );
        List<TelepresenceManagerObject> applied = [];
        if (parameters.DryRun)
        {
            foreach (var manifest in all.Append(kept))
            {
                applied.Add(await application.PlanAsync(manifest, cancellationToken).ConfigureAwait(false));
            }
            return applied;
        }
        var manifests = await WithNamespaceAsync(target, all, steps, cancellationToken).ConfigureAwait(false);
        await InstallationRights.RequireAsync(target, manifests, cancellationToken).ConfigureAwait(false);
        try
        {
            foreach (var manifest in manifests)
            {
                steps.Report(new InstallationStep($"applying {manifest}", 5 + (80 * applied.Count / manifests.Count)));
                applied.Add(await application.ApplyAsync(manifest, cancellationToken).ConfigureAwait(false));
            }
            Rollout rollout = new(target.Client, ns, services.Time);
            await WaitAsync(rollout, ns, timeout, steps, isLate, cancellationToken).ConfigureAwait(false);
            applied.Add(await application.ApplyAsync(kept, cancellationToken).ConfigureAwait(false));
        }
        catch (Exception e) when (!isUpdate && !IsToBeLookedAt(e))
        {
            await application.UndoAsync().ConfigureAwait(false);
            throw;
        }
        return applied;
    }

    private static async Task WaitAsync(
        Rollout rollout,
        string ns,
        TimeSpan timeout,
        IProgress<InstallationStep> steps,
        Func<bool> isLate,
        CancellationToken cancellationToken
    )
    {
        try
        {
            await rollout.WaitAsync(steps, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (isLate())
        {
            throw ErrorCatalogue.Error(
                ErrorId.ManagerNotAvailable,
                ns,
                e,
                ("namespace", ns),
                ("seconds", timeout.TotalSeconds),
                ("reason", rollout.Reason)
            );
        }
    }

    /// <summary>
    /// Without the namespace where it is somebody else's. One that is on its way out is waited for: what is put into it goes
    /// with it.
    /// </summary>
    private async Task<IReadOnlyList<Manifest>> WithNamespaceAsync(
        InstallationTarget target,
        IReadOnlyList<Manifest> manifests,
        IProgress<InstallationStep> steps,
        CancellationToken cancellationToken
    )
    {
        GenericClient namespaces = new(target.Client, ResourceKinds.Namespace);
        Manifest[] without = [.. manifests.Where(manifest => manifest.Kind != ResourceKinds.Namespace)];
        while (true)
        {
            JsonObject? found;
            try
            {
                found = await namespaces.ReadAsync(null, target.Namespace, cancellationToken).ConfigureAwait(false);
            }
            catch (KubernetesException e) when (e.StatusCode == HttpStatusCode.Forbidden)
            {
                // An administrator of this namespace alone: there it is, or the first object in it is refused.
                return without;
            }
            if (found is null || ManagerOwners.Of(found) == ManagerOwner.Telepresence && !IsLeaving(found))
            {
                return manifests;
            }
            if (!IsLeaving(found))
            {
                return without;
            }
            steps.Report(new InstallationStep($"waiting until the old namespace {target.Namespace} is gone", 0));
            await Task.Delay(_pause, services.Time, cancellationToken).ConfigureAwait(false);
        }
    }

    private static bool IsToBeLookedAt(Exception exception) =>
        exception is TelepresenceException error && error.Is(ErrorId.ManagerNotAvailable);

    private static bool IsLeaving(JsonObject found) => found["metadata"]?["deletionTimestamp"] is not null;
}
