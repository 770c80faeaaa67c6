using Telepresence.Client.Contract;
using Telepresence.Client.Ipc;
using Telepresence.Engine.Installation;
using Telepresence.Engine.Session;

namespace Telepresence.Engine.Ipc;

/// <summary>The contract's methods about the cluster's side. Only the engine that is nothing but the user answers them.</summary>
internal sealed class InstallationMethods(SessionServices services)
{
    private delegate Task<InstallationResult> Change(
        InstallationParameters parameters,
        IProgress<InstallationStep> progress,
        CancellationToken cancellationToken
    );

    private readonly ManagerInstallation _installation = new(services);
    private readonly ManagerRemoval _removal = new(services);
    private readonly HelmRelease _helm = new(services);

    public void Register(IpcServer server)
    {
        Register(server, EngineMethods.Install, _installation.InstallAsync, _helm.InstallAsync);
        Register(server, EngineMethods.Update, _installation.UpdateAsync, _helm.UpdateAsync);
        Register(server, EngineMethods.Uninstall, _removal.UninstallAsync, _helm.UninstallAsync);
    }

    private static void Register(IpcServer server, string method, Change own, Change helm) =>
        server.Register<InstallationParameters, InstallationResult>(
            method,
            (parameters, request, token) =>
                SessionMethods.Typed(() =>
                    (parameters.UseHelm ? helm : own)(parameters, Steps(parameters, request), token)
                )
        );

    private static Relay<InstallationStep> Steps(InstallationParameters parameters, JsonRpcRequest request) =>
        new(step =>
            request.Connection.Notify(
                EngineMethods.InstallationProgressed,
                new InstallationProgress(parameters.Operation ?? "", step.Status, step.Percent)
            )
        );
}
