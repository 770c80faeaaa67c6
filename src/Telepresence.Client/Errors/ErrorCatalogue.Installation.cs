using Category = Telepresence.Client.Errors.TelepresenceErrorCategory;

namespace Telepresence.Client.Errors;

// Installing, updating and uninstalling the cluster's side.
public static partial class ErrorCatalogue
{
    private static IEnumerable<ErrorEntry> Installation() =>
        [
            new(
                ErrorId.ManagerInstalled,
                Category.ResourceExists,
                "Namespace '{namespace}' has a traffic-manager already. Change it with Update-TelepresenceManager.",
                "Update-TelepresenceManager -Namespace '{namespace}'"
            ),
            new(
                ErrorId.ManagerNotInstalled,
                Category.ObjectNotFound,
                "Namespace '{namespace}' has no traffic-manager to update. Install one, or say where it is with -Namespace.",
                "Install-TelepresenceManager -Namespace '{namespace}'"
            ),
            new(
                ErrorId.ManagerOwnedByOther,
                Category.InvalidOperation,
                "The traffic-manager in namespace '{namespace}' was installed {how} and is left alone: {way}.",
                "{command}"
            ),
            new(
                ErrorId.InvalidManagerValue,
                Category.InvalidArgument,
                "A value of {source} cannot be used: {reason}. Correct it.",
                "Get-Help about_Telepresence_Manager"
            ),
            new(
                ErrorId.InstallationForbidden,
                Category.PermissionDenied,
                "The user '{user}' lacks rights that this needs:\n{rules}\nAsk the cluster's administrator to apply these roles and to bind them to the user.",
                "kubectl auth can-i --list --namespace '{namespace}'"
            ),
            new(
                ErrorId.InstallationConflict,
                Category.ResourceBusy,
                "Fields of {object} were changed by others: {reason}. Set them as values, or overwrite them with -Force.",
                "Update-TelepresenceManager -Namespace '{namespace}' -Force"
            ),
            new(
                ErrorId.ManagerNotAvailable,
                Category.ResourceUnavailable,
                "The traffic-manager in namespace '{namespace}' was applied and does not run after {seconds} s: {reason}. It is left for you to look at: correct the cause and run Update-TelepresenceManager, or remove it with Uninstall-TelepresenceManager.",
                "kubectl describe pods --namespace '{namespace}' --selector app=traffic-manager"
            ),
            new(
                ErrorId.HelmNotFound,
                Category.ObjectNotFound,
                "There is no program 'helm' in the PATH of your shell. Install it, or leave -UseHelm out.",
                "Install-TelepresenceManager -Namespace '{namespace}'"
            ),
            new(
                ErrorId.HelmFailed,
                Category.InvalidResult,
                "helm {verb} failed (exit code {code}): {reason}. Look at the release.",
                "helm status traffic-manager --namespace '{namespace}'"
            ),
        ];
}
