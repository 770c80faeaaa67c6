using System.Globalization;
using System.Text.RegularExpressions;
using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Objects;
using Telepresence.Engine.Installation.Values;
using Telepresence.Engine.Session;

namespace Telepresence.Engine.Installation;

/// <summary>The upstream chart, driven with the user's own helm (PROTOCOL §7.7).</summary>
internal sealed partial class HelmRelease(SessionServices services)
{
    public const string Chart = "oci://ghcr.io/telepresenceio/telepresence-oss";

    private const string Name = "traffic-manager";
    private static readonly TimeSpan _defaultTimeout = TimeSpan.FromMinutes(5);

    public Task<InstallationResult> InstallAsync(
        InstallationParameters parameters,
        IProgress<InstallationStep> progress,
        CancellationToken cancellationToken
    ) => RunAsync("install", ManagerObjectAction.Created, parameters, progress, cancellationToken);

    public Task<InstallationResult> UpdateAsync(
        InstallationParameters parameters,
        IProgress<InstallationStep> progress,
        CancellationToken cancellationToken
    ) => RunAsync("upgrade", ManagerObjectAction.Configured, parameters, progress, cancellationToken);

    /// <summary>Does nothing where there is no release.</summary>
    public Task<InstallationResult> UninstallAsync(
        InstallationParameters parameters,
        IProgress<InstallationStep> progress,
        CancellationToken cancellationToken
    ) => RunAsync("uninstall", ManagerObjectAction.Deleted, parameters, progress, cancellationToken);

    /// <summary>The arguments, each one an argument of the process: no shell reads them.</summary>
    internal static IReadOnlyList<string> Arguments(string verb, string ns, InstallationParameters parameters)
    {
        List<string> arguments = [verb, Name];
        if (verb != "uninstall")
        {
            arguments.Add(Chart);
            if (parameters.ChartVersion is { } version)
            {
                arguments.AddRange(["--version", version]);
            }
            foreach (var file in parameters.ValuesFiles)
            {
                arguments.AddRange(["--values", file]);
            }
            foreach (var set in parameters.Set)
            {
                arguments.AddRange(["--set", set]);
            }
            foreach (var set in parameters.SetString)
            {
                arguments.AddRange(["--set-string", set]);
            }
            if (parameters.Image is { } image)
            {
                arguments.AddRange(["--set-string", ImageValues(image)]);
            }
        }
        if (verb == "install")
        {
            arguments.Add("--create-namespace");
        }
        if (verb == "upgrade")
        {
            arguments.Add(parameters.ResetValues ? "--reset-values" : "--reuse-values");
        }
        var timeout = parameters.TimeoutSeconds ?? _defaultTimeout.TotalSeconds;
        arguments.AddRange([
            "--namespace",
            ns,
            "--wait",
            "--timeout",
            string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(timeout)}s"),
        ]);
        if (parameters.Cluster.Context is { } context)
        {
            arguments.AddRange(["--kube-context", context]);
        }
        return arguments;
    }

    private static string ImageValues(string image)
    {
        var reference = ImageReference.Parse(image);
        return $"image.registry={Escape(reference.Registry)},image.name={Escape(reference.Name)},image.tag={Escape(reference.Tag)}";
    }

    private static string Escape(string text) => SetSyntax().Replace(text, @"\$0");

    private async Task<InstallationResult> RunAsync(
        string verb,
        ManagerObjectAction action,
        InstallationParameters parameters,
        IProgress<InstallationStep> progress,
        CancellationToken cancellationToken
    )
    {
        using var target = InstallationTarget.Open(parameters, services);
        var ns = target.Namespace;
        var arguments = Arguments(verb, ns, parameters);
        var program = HelmProcess.Find(target.Client.Configuration, ns);
        var owner = await ManagerOwners.FindAsync(target.Client, ns, cancellationToken).ConfigureAwait(false);
        ManagerOwners.Require(owner, ManagerOwner.Helm, ns);
        switch (verb, owner)
        {
            case ("install", ManagerOwner.Helm) when !parameters.DryRun:
                throw ErrorCatalogue.Error(ErrorId.ManagerInstalled, ns, ("namespace", ns));
            case ("upgrade", ManagerOwner.Nobody):
                throw ErrorCatalogue.Error(ErrorId.ManagerNotInstalled, ns, ("namespace", ns));
            case ("uninstall", ManagerOwner.Nobody):
                return new InstallationResult();
        }
        if (!parameters.DryRun)
        {
            progress.Report(new InstallationStep($"helm {verb} {Name} in namespace {ns}", -1));
            await HelmProcess
                .RunAsync(program, arguments, parameters.Cluster, ns, cancellationToken)
                .ConfigureAwait(false);
        }
        return new InstallationResult
        {
            Objects =
            [
                new TelepresenceManagerObject
                {
                    Kind = "Release",
                    Name = Name,
                    Namespace = ns,
                    Action = action,
                    ManagerNamespace = ns,
                    Manifest = string.Join(' ', arguments.Prepend("helm")),
                },
            ],
        };
    }

    /// <summary>What has a meaning in helm's --set.</summary>
    [GeneratedRegex(@"[\\,.=\[\]{}]")]
    private static partial Regex SetSyntax();
}
