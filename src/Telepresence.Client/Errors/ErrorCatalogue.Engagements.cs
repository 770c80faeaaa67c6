using Category = Telepresence.Client.Errors.TelepresenceErrorCategory;

namespace Telepresence.Client.Errors;

public static partial class ErrorCatalogue
{
    private static IEnumerable<ErrorEntry> Engagements() =>
        [
            new(
                ErrorId.InvalidEngagementPort,
                Category.InvalidArgument,
                "'{value}' cannot be -{parameter}: {reason}. -Port takes 8080, 8080:http or 8080:53/UDP, -ToPod takes 5432 or 15432:5432.",
                "Get-Help about_Telepresence_Engagements"
            ),
            new(
                ErrorId.EngagementExists,
                Category.ResourceExists,
                "Session '{session}' has an engagement '{name}' already. Remove it, or choose another name with -Name.",
                "Remove-TelepresenceEngagement '{name}'"
            ),
            new(
                ErrorId.EngagementNotFound,
                Category.ObjectNotFound,
                "There is no engagement '{name}'. Look at those that there are.",
                "Get-TelepresenceEngagement"
            ),
            new(
                ErrorId.EngagementConflict,
                Category.ResourceBusy,
                "Workload '{workload}' is taken by {client}: {reason}. Agree with them, or narrow the traffic down with -HttpHeader or -HttpPath, or copy it.",
                "New-TelepresenceWiretap '{workload}'"
            ),
            new(
                ErrorId.EngagementRefused,
                Category.InvalidArgument,
                "The traffic-manager does not accept it for workload '{workload}' in namespace '{namespace}': {reason}. Name port, service or container as the workload has them.",
                "kubectl get services,pods --namespace '{namespace}' --output wide"
            ),
            new(
                ErrorId.EngagementNotActive,
                Category.OperationTimeout,
                "The traffic-agent of workload '{workload}' in namespace '{namespace}' did not take it up: {reason}. Look at the pod's events.",
                "kubectl describe pods --namespace '{namespace}'"
            ),
            new(
                ErrorId.EngagementUnsupported,
                Category.NotImplemented,
                "The traffic-manager ({version}) cannot do this: {reason}. Update it.",
                "Update-TelepresenceManager"
            ),
            new(
                ErrorId.LocalTargetInUse,
                Category.ResourceBusy,
                "Engagement '{name}' sends its traffic to {target} already. Choose another port with -Port, or remove that one.",
                "Remove-TelepresenceEngagement '{name}'"
            ),
            new(
                ErrorId.LocalPortInUse,
                Category.ResourceBusy,
                "Port {port}/{protocol} of this machine's loopback cannot be used: {reason}. Choose another one with -{parameter}.",
                "Get-Help about_Telepresence_Engagements"
            ),
            new(
                ErrorId.LocalAddressInvalid,
                Category.InvalidArgument,
                "'{address}' cannot be -Address: {reason}. Name an address that programs on this machine, or near it, listen on.",
                "Get-Help about_Telepresence_Engagements"
            ),
            new(
                ErrorId.ContainerNotFound,
                Category.ObjectNotFound,
                "The pods of workload '{workload}' have {containers}{named}. Choose one with -Container.",
                "kubectl get pods --namespace '{namespace}' --output wide"
            ),
            new(
                ErrorId.MountProgramNotFound,
                Category.ObjectNotFound,
                "Volumes need {program}, which is not on this machine. Install it ({install}), or do without volumes with -Mount none.",
                "Get-Help about_Telepresence_Engagements"
            ),
            new(
                ErrorId.MountPointBusy,
                Category.ResourceBusy,
                "'{path}' cannot be a mount point: {reason}. Name an empty directory with -Mount, or leave it out for one of ours.",
                "Get-Help about_Telepresence_Engagements"
            ),
            new(
                ErrorId.MountFailed,
                Category.ResourceUnavailable,
                "The volumes could not be mounted at '{path}': {reason}. Everything else works without them: -Mount none.",
                "Get-Help about_Telepresence_Engagements"
            ),
            new(
                ErrorId.EnvironmentNotWritable,
                Category.InvalidData,
                "The value of {name} has a line break, which the syntax {syntax} cannot hold. Choose another with -EnvironmentSyntax.",
                "Get-Help about_Telepresence_Engagements"
            ),
        ];
}
