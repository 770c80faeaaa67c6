using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Ipc;
using Telepresence.Client.Objects;

namespace Telepresence.FakeEngine;

/// <summary>A cluster that takes a traffic-manager; in namespace "taken" there is one already.</summary>
internal static class InstallationAnswers
{
    public static void Register(JsonRpcMethods methods, Action<string, string> note)
    {
        Register(methods, note, EngineMethods.Install, ManagerObjectAction.Created);
        Register(methods, note, EngineMethods.Update, ManagerObjectAction.Configured);
        Register(methods, note, EngineMethods.Uninstall, ManagerObjectAction.Deleted);
    }

    private static void Register(
        JsonRpcMethods methods,
        Action<string, string> note,
        string method,
        ManagerObjectAction action
    ) =>
        methods.Register<InstallationParameters, InstallationResult>(
            method,
            (parameters, request, _) =>
            {
                note(method, Text(parameters));
                if (parameters.ManagerNamespace == "taken")
                {
                    throw ErrorCatalogue.Error(ErrorId.ManagerInstalled, "taken", ("namespace", "taken"));
                }
                request.Connection.Notify(
                    EngineMethods.InstallationProgressed,
                    new InstallationProgress(parameters.Operation!, "applying service/traffic-manager", 50)
                );
                return Task.FromResult(
                    new InstallationResult
                    {
                        Objects =
                        [
                            Item("Service", parameters, action),
                            Item("Deployment", parameters, ManagerObjectAction.Unchanged),
                        ],
                        Warnings = ["apiPrt is not a known key; did you mean apiPort?"],
                    }
                );
            }
        );

    private static string Text(InstallationParameters parameters) =>
        string.Join(
            '|',
            parameters.Cluster.Context,
            parameters.ManagerNamespace,
            string.Join(' ', parameters.ValuesFiles),
            string.Join(' ', parameters.Set),
            string.Join(' ', parameters.SetString),
            parameters.Image,
            parameters.ChartVersion,
            $"reset={parameters.ResetValues} helm={parameters.UseHelm} force={parameters.Force} dry={parameters.DryRun} {parameters.TimeoutSeconds}"
        );

    private static TelepresenceManagerObject Item(
        string kind,
        InstallationParameters parameters,
        ManagerObjectAction action
    ) =>
        new()
        {
            Kind = kind,
            Name = "traffic-manager",
            Namespace = parameters.ManagerNamespace ?? "ambassador",
            Action = action,
            ManagerNamespace = parameters.ManagerNamespace ?? "ambassador",
            Manifest = $"kind: {kind}\n",
        };
}
