using System.Collections.Frozen;
using Category = Telepresence.Client.Errors.TelepresenceErrorCategory;

namespace Telepresence.Client.Errors;

/// <summary>Every error that users may see, once. Engine and cmdlets make their errors here.</summary>
public static partial class ErrorCatalogue
{
    /// <summary>One entry for each <see cref="ErrorId"/>.</summary>
    public static IReadOnlyCollection<ErrorEntry> Entries => _entries.Values;

    private static readonly FrozenDictionary<ErrorId, ErrorEntry> _entries = Build().ToFrozenDictionary(e => e.Id);

    /// <summary>The entry of an id.</summary>
    public static ErrorEntry Get(ErrorId id) => _entries[id];

    /// <summary>Makes the error to throw.</summary>
    /// <param name="id">Which.</param>
    /// <param name="target">What it is about: an address, a CIDR, a session's name …; null: nothing in particular.</param>
    /// <param name="values">Values of the entry's placeholders, by name.</param>
    public static TelepresenceException Error(
        ErrorId id,
        object? target,
        params ReadOnlySpan<(string Name, object? Value)> values
    ) => Error(id, target, innerException: null, values);

    /// <summary>Makes the error to throw, without values; scripts cannot call the others, which take spans.</summary>
    public static TelepresenceException Error(ErrorId id, object? target) =>
        Error(id, target, innerException: null, []);

    /// <summary>Makes the error to throw, with its cause.</summary>
    public static TelepresenceException Error(
        ErrorId id,
        object? target,
        Exception? innerException,
        params ReadOnlySpan<(string Name, object? Value)> values
    )
    {
        var entry = _entries[id];
        return new TelepresenceException(
            id.ToString(),
            entry.Category,
            ErrorEntry.Fill(entry.Message, values),
            ErrorEntry.Fill(entry.RecommendedAction, values),
            target,
            entry.HelpAnchor,
            innerException
        );
    }

    /// <summary>A value that a parameter cannot have.</summary>
    /// <param name="command">The cmdlet, whose help the way out is.</param>
    /// <param name="parameter">Without hyphen.</param>
    /// <param name="value">What was given; the target of the error, too.</param>
    /// <param name="reason">Behind a colon; without a full stop.</param>
    public static TelepresenceException InvalidParameter(
        string command,
        string parameter,
        object? value,
        string reason,
        Exception? innerException = null
    ) =>
        Error(
            ErrorId.InvalidParameter,
            value,
            innerException,
            ("parameter", parameter),
            ("value", value),
            ("reason", reason),
            ("command", command)
        );

    private static IEnumerable<ErrorEntry> Build() =>
        [
            .. Cluster(),
            .. Installation(),
            .. Machine(),
            .. Sessions(),
            .. Engagements(),
            .. Parameters(),
            .. Addresses(),
            .. Processes(),
        ];

    private static IEnumerable<ErrorEntry> Cluster() =>
        [
            new(
                ErrorId.KubeconfigNotFound,
                Category.ObjectNotFound,
                "There is no kubeconfig file at '{path}'. Name one with -Kubeconfig, or try the sandbox.",
                "Connect-Telepresence -Sandbox"
            ),
            new(
                ErrorId.KubeconfigInvalid,
                Category.InvalidData,
                "The kubeconfig '{path}' cannot be used: {reason}. Correct the file, or name another with -Kubeconfig.",
                "kubectl config view --kubeconfig '{path}'"
            ),
            new(
                ErrorId.ContextNotFound,
                Category.ObjectNotFound,
                "The kubeconfig has no {kind} '{name}'. It has: {known}.",
                "kubectl config get-contexts"
            ),
            new(
                ErrorId.CredentialPluginFailed,
                Category.AuthenticationError,
                "The credential plugin '{command}' of the kubeconfig failed: {reason}. Run it by hand to see why.",
                "{command}"
            ),
            new(
                ErrorId.ClusterUnreachable,
                Category.ConnectionError,
                "The API server {server} cannot be reached: {reason}. Check the network, the VPN and the context.",
                "kubectl cluster-info --context '{context}'"
            ),
            new(
                ErrorId.CertificateExpired,
                Category.SecurityError,
                "The certificate '{subject}' expired on {date}. Renew it, or log in to the cluster again.",
                "kubectl config view --minify --context '{context}'"
            ),
            new(
                ErrorId.CertificateUntrusted,
                Category.SecurityError,
                "The certificate of {server} is not trusted: {reason}. Correct the certificate authority in the kubeconfig, or pass -SkipCertificateCheck if you know the server.",
                "kubectl config view --minify --context '{context}'"
            ),
            new(
                ErrorId.Unauthorized,
                Category.AuthenticationError,
                "The API server {server} does not accept the credentials of the kubeconfig. Log in again.",
                "kubectl auth whoami --context '{context}'"
            ),
            new(
                ErrorId.Forbidden,
                Category.PermissionDenied,
                "The user may not {action}. Ask the cluster's administrator for that right.",
                "kubectl auth can-i --list --namespace '{namespace}'"
            ),
            new(
                ErrorId.KubernetesApiError,
                Category.InvalidResult,
                "The API server did not do {what}: {reason}. Look at its health.",
                "kubectl get --raw '/readyz?verbose'"
            ),
            new(
                ErrorId.KubernetesObjectNotFound,
                Category.ObjectNotFound,
                "The API server has no {what}. Check name and namespace.",
                "kubectl get all --all-namespaces"
            ),
            new(
                ErrorId.PortForwardForbidden,
                Category.PermissionDenied,
                "The user may not port-forward to the traffic-manager in namespace '{namespace}'. Ask the cluster's administrator for the verb 'create' on 'pods/portforward' there.",
                "kubectl auth can-i create pods/portforward --namespace '{namespace}'"
            ),
            new(
                ErrorId.PortForwardFailed,
                Category.ConnectionError,
                "The port-forward to pod '{pod}' in namespace '{namespace}' failed: {reason}. Look at the pod.",
                "kubectl describe pod '{pod}' --namespace '{namespace}'"
            ),
            new(
                ErrorId.ManagerNotFound,
                Category.ObjectNotFound,
                "There is no traffic-manager in {namespaces}. Install it with Install-TelepresenceManager, or say where it is with -ManagerNamespace.",
                "kubectl get service traffic-manager --all-namespaces"
            ),
            new(
                ErrorId.ManagerUnavailable,
                Category.ConnectionError,
                "The traffic-manager in namespace '{namespace}' does not answer: {reason}. Look at its pod.",
                "kubectl get pods --namespace '{namespace}' --selector app=traffic-manager"
            ),
            new(
                ErrorId.ManagerUnauthorized,
                Category.AuthenticationError,
                "The traffic-manager in namespace '{namespace}' does not let this user in: {reason}. Choose a user with a token with -User, or give one with -Token.",
                "Connect-Telepresence -Token TOKEN"
            ),
            new(
                ErrorId.ManagerProtocolMismatch,
                Category.ProtocolError,
                "The traffic-manager {version} cannot be used: {reason}. 2.20 and later can; upgrade it.",
                "helm list --namespace '{namespace}'"
            ),
            new(
                ErrorId.NamespaceNotFound,
                Category.ObjectNotFound,
                "The namespace '{namespace}' does not exist, or the traffic-manager does not manage it. Choose another with -Namespace.",
                "kubectl get namespaces --context '{context}'"
            ),
            new(
                ErrorId.WorkloadNotFound,
                Category.ObjectNotFound,
                "There is no workload '{workload}' in namespace '{namespace}', or it has no traffic-agent.",
                "kubectl get deployments,statefulsets,replicasets --namespace '{namespace}'"
            ),
            new(
                ErrorId.AgentNotArrived,
                Category.ResourceUnavailable,
                "No traffic-agent of workload '{workload}' in namespace '{namespace}' arrived: {reason}. Look at its pods.",
                "kubectl get pods --namespace '{namespace}'"
            ),
            new(
                ErrorId.AgentLinksUnavailable,
                Category.ResourceUnavailable,
                "Traffic cannot be sent through a workload's agent in namespace '{namespace}': {reason}. -Vnat translates without an agent.",
                "kubectl auth can-i create pods/portforward --namespace '{namespace}'"
            ),
        ];

    private static IEnumerable<ErrorEntry> Machine() =>
        [
            new(
                ErrorId.TunUnavailable,
                Category.ResourceUnavailable,
                "This system offers no TUN device ({device}): {reason}. Load the kernel module, or give the container the device.",
                "sudo modprobe tun"
            ),
            new(
                ErrorId.ElevationRefused,
                Category.PermissionDenied,
                "The engine needs network privilege and did not get it: {reason}. Run the command where sudo can ask for the password, or as root.",
                "sudo -v"
            ),
            new(
                ErrorId.PermissionMissing,
                Category.PermissionDenied,
                "The permission {permission} is missing: {reason}. Give it, or run as root.",
                "sudo pwsh"
            ),
            new(
                ErrorId.DnsUnavailable,
                Category.ResourceUnavailable,
                "Names of the cluster cannot be resolved on this machine: {reason}. Look at the name servers it uses.",
                "Get-Content /etc/resolv.conf"
            ),
            new(
                ErrorId.RoutingFailed,
                Category.InvalidOperation,
                "The operating system refused a change of its routes: {reason}. Remove what a killed engine may have left, and try again.",
                "Repair-Telepresence"
            ),
            new(
                ErrorId.PlatformNotYetSupported,
                Category.NotImplemented,
                "{feature} does not work on {platform} yet. Use Linux, such as WSL 2.",
                "Get-Help about_Telepresence"
            ),
        ];

    private static IEnumerable<ErrorEntry> Sessions() =>
        [
            new(
                ErrorId.SessionExistsWithOtherSettings,
                Category.ResourceExists,
                "The session '{session}' exists with other settings ({differences}). Disconnect it first, or give the new one another -Name.",
                "Disconnect-Telepresence -Name '{session}'"
            ),
            new(
                ErrorId.SessionNotFound,
                Category.ObjectNotFound,
                "There is no session '{session}'. See which there are, or connect.",
                "Get-TelepresenceSession"
            ),
            new(
                ErrorId.SessionAmbiguous,
                Category.InvalidArgument,
                "Several sessions fit: {sessions}. Name one.",
                "Get-TelepresenceSession"
            ),
            new(
                ErrorId.SessionFailed,
                Category.ConnectionError,
                "The session '{session}' ended: {reason}. Disconnect it and connect again.",
                "Disconnect-Telepresence -Name '{session}'"
            ),
            new(
                ErrorId.SubnetConflict,
                Category.ResourceBusy,
                "{conflict}. Translate it with -Vnat, or let the cluster win with -AllowConflictingSubnet.",
                "Connect-Telepresence {parameters}"
            ),
            new(
                ErrorId.OverlappingTranslation,
                Category.InvalidArgument,
                "The translations {first} and {second} overlap. Name each address once in -Vnat and -ProxyVia.",
                "Get-Help Connect-Telepresence -Parameter Vnat"
            ),
            new(
                ErrorId.VirtualSubnetExhausted,
                Category.LimitsExceeded,
                "The virtual subnet {subnet} has no address left. Connect with a bigger -VirtualSubnet.",
                "Connect-Telepresence -VirtualSubnet 246.0.0.0/8"
            ),
            new(
                ErrorId.VirtualSubnetOverlaps,
                Category.InvalidArgument,
                "The virtual subnet {subnet} overlaps {other}. Choose another with -VirtualSubnet.",
                "Get-TelepresenceRoute -IncludeSystem"
            ),
            new(
                ErrorId.VirtualSubnetTooSmall,
                Category.InvalidArgument,
                "The virtual subnet {subnet} has no room: it must be a /29 or bigger, for IPv6 a /125. Connect with a bigger -VirtualSubnet.",
                "Connect-Telepresence -VirtualSubnet 246.0.0.0/8"
            ),
            new(
                ErrorId.VirtualSubnetFamilyMismatch,
                Category.InvalidArgument,
                "The virtual subnet {subnet} is IPv6, but only IPv4 subnets are to be translated. Connect with an IPv4 -VirtualSubnet.",
                "Connect-Telepresence -VirtualSubnet 246.0.0.0/8"
            ),
            new(
                ErrorId.VirtualSubnetInUse,
                Category.ResourceBusy,
                "The virtual subnet {subnet} is in use by the session '{session}'. Choose another with -VirtualSubnet.",
                "Get-TelepresenceSubnet -Kind Virtual"
            ),
        ];

    private static IEnumerable<ErrorEntry> Parameters() =>
        [
            new(
                ErrorId.InvalidCidr,
                Category.InvalidArgument,
                "'{value}' is not a subnet: {reason}. Write it as ADDRESS/PREFIX, such as 10.1.0.0/16.",
                "Get-Help {command} -Parameter {parameter}"
            ),
            new(
                ErrorId.InvalidConfiguration,
                Category.InvalidData,
                "The configuration cannot be used: {reason}. Correct it, or remove the key.",
                "Get-Help about_Telepresence"
            ),
            new(
                ErrorId.InvalidAddress,
                Category.InvalidArgument,
                "'{value}' is not an IP address. Write it as 10.1.2.3 or fd00::1.",
                "Get-Help Find-TelepresenceRoute -Parameter RemoteIPAddress"
            ),
            new(
                ErrorId.UnknownSymbol,
                Category.InvalidArgument,
                "'{value}' is neither a subnet nor one of also, service, pods, all.",
                "Get-Help Connect-Telepresence -Parameter {parameter}"
            ),
            new(
                ErrorId.InvalidProxyVia,
                Category.InvalidArgument,
                "'{value}' is not SUBNET=WORKLOAD: {reason}. Write it as 10.1.0.0/16=gateway or all=gateway.",
                "Get-Help Connect-Telepresence -Parameter ProxyVia"
            ),
            new(
                ErrorId.InvalidParameter,
                Category.InvalidArgument,
                "-{parameter} cannot be '{value}': {reason}.",
                "Get-Help {command} -Parameter {parameter}"
            ),
            new(
                ErrorId.LoopbackSubnet,
                Category.InvalidArgument,
                "The subnet {subnet} is loopback and is never routed into a cluster. Leave it out of -{parameter}.",
                "Get-Help {command} -Parameter {parameter}"
            ),
            new(
                ErrorId.MulticastSubnet,
                Category.InvalidArgument,
                "The subnet {subnet} is multicast, which no connection goes to. Leave it out of -{parameter}, or of that list in the configuration.",
                "Get-Help {command} -Parameter {parameter}"
            ),
            new(
                ErrorId.LinkLocalSubnet,
                Category.InvalidArgument,
                "The subnet {subnet} is link-local: its addresses mean other hosts on each link and are not routed. Leave it out of -{parameter}, or of that list in the configuration.",
                "Get-Help {command} -Parameter {parameter}"
            ),
            new(
                ErrorId.WholeAddressSpace,
                Category.InvalidArgument,
                "The subnet {subnet} is every address there is, the way to the cluster included. Name in -{parameter} the subnets that are meant.",
                "Get-TelepresenceRoute -IncludeSystem"
            ),
            new(
                ErrorId.DuplicateSubnet,
                Category.InvalidArgument,
                "'{value}' is named more than once in -{parameter}. Name it once.",
                "Get-Help {command} -Parameter {parameter}"
            ),
        ];

    private static IEnumerable<ErrorEntry> Addresses() =>
        [
            new(
                ErrorId.AddressNotInSession,
                Category.ObjectNotFound,
                "No session has the address {address}. See which subnets there are.",
                "Get-TelepresenceSubnet"
            ),
            new(
                ErrorId.NameNotFound,
                Category.ObjectNotFound,
                "The name '{name}' has no {type} record in the cluster ({code}). Write it as SERVICE.NAMESPACE.",
                "Get-TelepresenceDnsQuery -Last 10"
            ),
        ];

    private static IEnumerable<ErrorEntry> Processes() =>
        [
            new(
                ErrorId.EngineUnavailable,
                Category.ResourceUnavailable,
                "The engine cannot be used: {reason}. Remove what a killed engine may have left, and try again.",
                "Repair-Telepresence"
            ),
            new(
                ErrorId.EngineChanged,
                Category.SecurityError,
                "The engine in '{folder}' is not the one that this module was built with: {files}. It gets no privilege. Install the module again.",
                "Install-PSResource Telepresence -Reinstall"
            ),
            new(
                ErrorId.EngineVersionMismatch,
                Category.ProtocolError,
                "The running engine is {engine}, this module is {module}. Disconnect all sessions, so that the engine ends, and connect again.",
                "Get-TelepresenceSession | Disconnect-Telepresence"
            ),
            new(
                ErrorId.PesterNotLoaded,
                Category.ResourceUnavailable,
                "Pester is not loaded in this shell. Import it, then register the assertions.",
                "Import-Module Pester -MinimumVersion 5.5; Register-TelepresenceAssertion"
            ),
            new(
                ErrorId.SandboxUnavailable,
                Category.ResourceUnavailable,
                "The sandbox '{sandbox}' cannot be used: {reason}. Start one.",
                "Start-TelepresenceSandbox"
            ),
            new(
                ErrorId.FileNotReadable,
                Category.ReadError,
                "The file '{path}' cannot be read: {reason} Look at who owns it.",
                "Get-Item -Force '{path}'"
            ),
            new(
                ErrorId.FileNotWritable,
                Category.WriteError,
                "The file '{path}' cannot be written: {reason} Name another with -Path, or replace one with -Force.",
                "Get-Item -Force (Split-Path '{path}')"
            ),
            new(
                ErrorId.SubscriptionExists,
                Category.ResourceExists,
                "There is an event subscription '{identifier}' already. End it, or name another with -SourceIdentifier.",
                "Unregister-Event -SourceIdentifier '{identifier}'"
            ),
            new(
                ErrorId.Timeout,
                Category.OperationTimeout,
                "Not done within {seconds} s: {waiting}. Allow more with -TimeoutSeconds.",
                "Get-Help {command} -Parameter TimeoutSeconds"
            ),
            new(
                ErrorId.Cancelled,
                Category.OperationStopped,
                "Stopped: {what}. What had been done is undone.",
                "Get-TelepresenceSession"
            ),
            new(
                ErrorId.InternalError,
                Category.NotSpecified,
                "A fault of Telepresence: {reason}. Please report it.",
                "Get-Help about_Telepresence"
            ),
        ];
}
