using System.Net;
using Telepresence.TrafficManager.Compatibility;

namespace Telepresence.Sandbox;

/// <summary>What an embedded cluster looks like, and how it is to misbehave.</summary>
public sealed record SandboxOptions
{
    /// <summary>The IPv4 service subnet when none is chosen.</summary>
    public static readonly IPNetwork DefaultServiceSubnet = IPNetwork.Parse("10.96.0.0/16");

    /// <summary>The IPv4 pod subnet when none is chosen.</summary>
    public static readonly IPNetwork DefaultPodSubnet = IPNetwork.Parse("10.244.0.0/16");

    /// <summary>The IPv6 service subnet that goes with the defaults.</summary>
    public static readonly IPNetwork DefaultServiceSubnet6 = IPNetwork.Parse("fd00:10:96::/112");

    /// <summary>The IPv6 pod subnet that goes with the defaults.</summary>
    public static readonly IPNetwork DefaultPodSubnet6 = IPNetwork.Parse("fd00:10:244::/64");

    /// <summary>One subnet, or one of each family for a dual-stack cluster; the first is the services' first family.</summary>
    public IReadOnlyList<IPNetwork> ServiceSubnets { get; init; } = [DefaultServiceSubnet];

    /// <summary>The same families as <see cref="ServiceSubnets"/>.</summary>
    public IReadOnlyList<IPNetwork> PodSubnets { get; init; } = [DefaultPodSubnet];

    /// <summary>Where the API server listens; port 0 takes a free one.</summary>
    public IPEndPoint Listen { get; init; } = new(IPAddress.Loopback, 0);

    /// <summary>Directory for the kubeconfig; null makes a private one that is removed at the end.</summary>
    public string? StateDirectory { get; init; }

    /// <summary>Namespace of the traffic-manager.</summary>
    public string ManagerNamespace { get; init; } = "ambassador";

    /// <summary>What the kubeconfig's user holds.</summary>
    public SandboxCredential Credential { get; init; } = SandboxCredential.Token;

    /// <summary>
    /// client.yaml of the ConfigMap traffic-manager, as helm makes it of the values <c>client.*</c>: what the manager answers
    /// GetClientConfig with. Empty for none.
    /// </summary>
    public string ClientConfiguration { get; init; } = "";

    /// <summary>What kind of manager there is.</summary>
    public SandboxManager Manager { get; init; } = SandboxManager.TrafficManager;

    /// <summary>The release the manager says it is; null: its own.</summary>
    public string? ManagerVersion { get; init; }

    /// <summary>The upstream release that manager and agents are as; null: they have all that we have.</summary>
    public ManagerRelease? Emulate { get; init; }

    /// <summary>Whether the manager asks for the kubeconfig user's bearer token.</summary>
    public ManagerTokens ManagerTokens { get; init; } = ManagerTokens.Ignored;

    /// <summary>True: the manager's DialReject says nothing, as upstream's.</summary>
    public bool EmptyDialReject { get; init; }

    /// <summary>Who may port-forward.</summary>
    public PortForwardAccess PortForward { get; init; } = PortForwardAccess.Allowed;

    /// <summary>Who may change ConfigMaps.</summary>
    public ConfigMapAccess ConfigMaps { get; init; } = ConfigMapAccess.Allowed;

    /// <summary>How the API server fails.</summary>
    public ApiServerFault ApiServerFault { get; init; } = ApiServerFault.None;

    /// <summary>The clock of ages and certificates.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}

/// <summary>How the kubeconfig's user proves who it is.</summary>
public enum SandboxCredential
{
    /// <summary>A bearer token.</summary>
    Token,

    /// <summary>A client certificate of the cluster's CA.</summary>
    ClientCertificate,
}

/// <summary>What the traffic-manager does with bearer tokens, as upstream's since 2.31.</summary>
public enum ManagerTokens
{
    /// <summary>It does not know of them.</summary>
    Ignored,

    /// <summary>It looks at them, and serves calls without one.</summary>
    Permissive,

    /// <summary>It serves no call without a valid one.</summary>
    Enforcing,
}

/// <summary>What answers at the traffic-manager's place.</summary>
public enum SandboxManager
{
    /// <summary>The real one.</summary>
    TrafficManager,

    /// <summary>Neither Service nor pod.</summary>
    None,

    /// <summary>Service and pod are there, but the port speaks plain HTTP/1.1.</summary>
    PlainHttp,
}

/// <summary>What the API server's authorization says to a port-forward.</summary>
public enum PortForwardAccess
{
    /// <summary>Yes.</summary>
    Allowed,

    /// <summary>403 to every kind.</summary>
    Forbidden,

    /// <summary>As the chart's role grants it, <c>create</c> alone: SPDY's POST passes, WebSocket's GET gets 403 (PROTOCOL §1.3).</summary>
    CreateOnly,

    /// <summary>403 in the namespace <c>mesh</c>: the traffic-manager can be reached, traffic-agents cannot.</summary>
    ExceptMesh,
}

/// <summary>What the API server's authorization says to a change of a ConfigMap.</summary>
public enum ConfigMapAccess
{
    /// <summary>Yes.</summary>
    Allowed,

    /// <summary>403 to every change.</summary>
    ReadOnly,
}

/// <summary>Ways for the API server to fail before HTTP.</summary>
public enum ApiServerFault
{
    /// <summary>It works.</summary>
    None,

    /// <summary>Its certificate has expired.</summary>
    ExpiredCertificate,

    /// <summary>Nothing listens at the kubeconfig's address.</summary>
    Refused,

    /// <summary>The kubeconfig's address never answers.</summary>
    Silent,
}
