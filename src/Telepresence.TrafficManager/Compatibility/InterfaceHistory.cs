using Google.Protobuf.Reflection;
using Telepresence.Protocol.Agent;
using Telepresence.Protocol.Manager;

namespace Telepresence.TrafficManager.Compatibility;

/// <summary>What came to the interface after 2.20, and what went (PROTOCOL §1.8, §1.9).</summary>
internal static class InterfaceHistory
{
    /// <summary>Methods that have not always been there, by path.</summary>
    public static readonly IReadOnlyDictionary<string, Span> Methods = new Dictionary<string, Span>
    {
        [ManagerMethods.UninstallAgents.FullName] = Since(21),
        [ManagerMethods.GetAgentConfig.FullName] = Since(22),
        [ManagerMethods.ReconnectClient.FullName] = Since(25),
        [ManagerMethods.ReconnectAgent.FullName] = Since(25),
        [ManagerMethods.Lookup.FullName] = Since(25),
        [AgentMethods.Lookup.FullName] = Since(25),
        [ManagerMethods.WatchAgentPodsDelta.FullName] = Since(26),
        [ManagerMethods.WatchAgentsDelta.FullName] = Since(26),
        [ManagerMethods.WatchInterceptsDelta.FullName] = Since(26),
        [ManagerMethods.WatchAgentPodsInNamespacesDelta.FullName] = Since(28),
        [ManagerMethods.WatchSessionEvents.FullName] = Since(31),
        [ManagerMethods.WatchAgentsNS.FullName] = Before(31),
        [ManagerMethods.WatchDial.FullName] = Before(31),
        [ManagerMethods.WatchLookupDNS.FullName] = Before(31),
        [ManagerMethods.UpdateIntercept.FullName] = Before(31),
        [ManagerMethods.AgentLookupDNSResponse.FullName] = Before(31),
    };

    /// <summary>Fields that have not always been there.</summary>
    public static readonly IReadOnlyList<(FieldDescriptor Field, Span Span)> Fields =
    [
        (AgentInfo.Descriptor.FindFieldByNumber(AgentInfo.EnvironmentFieldNumber), Before(21)),
        (AgentInfo.Descriptor.FindFieldByNumber(AgentInfo.SftpPortFieldNumber), Since(21)),
        (AgentInfo.Descriptor.FindFieldByNumber(AgentInfo.FtpPortFieldNumber), Since(21)),
        (AgentInfo.Descriptor.FindFieldByNumber(AgentInfo.ContainersFieldNumber), Since(21)),
        (
            AgentInfo.Types.ContainerInfo.Descriptor.FindFieldByNumber(AgentInfo.Types.ContainerInfo.MountsFieldNumber),
            Since(22)
        ),
        (AgentInfo.Descriptor.FindFieldByNumber(AgentInfo.KindFieldNumber), Since(22)),
        (AgentInfo.Descriptor.FindFieldByNumber(AgentInfo.PodUidFieldNumber), Since(22)),
        (AgentInfo.Descriptor.FindFieldByNumber(AgentInfo.NodeAgentFieldNumber), Since(30)),
        (AgentInfo.Descriptor.FindFieldByNumber(AgentInfo.QuicPortFieldNumber), Since(31)),
        (AgentPodInfo.Descriptor.FindFieldByNumber(AgentPodInfo.PodIdFieldNumber), Since(21)),
        (AgentPodInfo.Descriptor.FindFieldByNumber(AgentPodInfo.NodeAgentFieldNumber), Since(30)),
        (AgentPodInfo.Descriptor.FindFieldByNumber(AgentPodInfo.QuicSniFieldNumber), Since(31)),
        (AgentPodInfo.Descriptor.FindFieldByNumber(AgentPodInfo.VersionFieldNumber), Since(31)),
        (AgentConfigRequest.Descriptor.FindFieldByNumber(AgentConfigRequest.NamespaceFieldNumber), Since(28)),
        (ClusterInfo.Descriptor.FindFieldByNumber(ClusterInfo.ClusterDomainFieldNumber), Before(23)),
        (DialRequest.Descriptor.FindFieldByNumber(DialRequest.TraceContextFieldNumber), Before(21)),
        (EnsureAgentRequest.Descriptor.FindFieldByNumber(EnsureAgentRequest.NamespaceFieldNumber), Since(28)),
        (EnsureAgentRequest.Descriptor.FindFieldByNumber(EnsureAgentRequest.NodeAgentFieldNumber), Since(30)),
        (InterceptInfo.Descriptor.FindFieldByNumber(InterceptInfo.MountsFieldNumber), Since(22)),
        (InterceptSpec.Descriptor.FindFieldByNumber(InterceptSpec.PodPortsFieldNumber), Since(22)),
        (InterceptSpec.Descriptor.FindFieldByNumber(InterceptSpec.NoDefaultPortFieldNumber), Since(22)),
        (InterceptSpec.Descriptor.FindFieldByNumber(InterceptSpec.WiretapFieldNumber), Since(23)),
        (InterceptSpec.Descriptor.FindFieldByNumber(InterceptSpec.HeaderFiltersFieldNumber), Since(25)),
        (InterceptSpec.Descriptor.FindFieldByNumber(InterceptSpec.PathFiltersFieldNumber), Since(25)),
        (InterceptSpec.Descriptor.FindFieldByNumber(InterceptSpec.MetadataFieldNumber), Since(25)),
        (InterceptSpec.Descriptor.FindFieldByNumber(InterceptSpec.PlaintextFieldNumber), Since(25)),
        (InterceptSpec.Descriptor.FindFieldByNumber(InterceptSpec.ServiceIpsFieldNumber), Since(29)),
        (InterceptSpec.Descriptor.FindFieldByNumber(InterceptSpec.NodeAgentFieldNumber), Since(30)),
        (LogLevelRequest.Descriptor.FindFieldByNumber(LogLevelRequest.SessionFieldNumber), Since(31)),
        (PreparedIntercept.Descriptor.FindFieldByNumber(PreparedIntercept.PodPortsFieldNumber), Since(22)),
        (PreparedIntercept.Descriptor.FindFieldByNumber(PreparedIntercept.ServiceIpsFieldNumber), Since(29)),
        (RemainRequest.Descriptor.FindFieldByNumber(RemainRequest.LastActivityFieldNumber), Since(26)),
        (ReviewInterceptRequest.Descriptor.FindFieldByNumber(ReviewInterceptRequest.MountsFieldNumber), Since(22)),
        (VersionInfo2.Descriptor.FindFieldByNumber(VersionInfo2.AuthSupportedFieldNumber), Since(31)),
        (VersionInfo2.Descriptor.FindFieldByNumber(VersionInfo2.AuthRequiredFieldNumber), Since(31)),
        (VersionInfo2.Descriptor.FindFieldByNumber(VersionInfo2.AuthX509PortFieldNumber), Since(31, 1)),
        (WorkloadEventsRequest.Descriptor.FindFieldByNumber(WorkloadEventsRequest.NamespaceFieldNumber), Since(21)),
        (WorkloadInfo.Descriptor.FindFieldByNumber(WorkloadInfo.UidFieldNumber), Since(21)),
    ];

    private static Span Since(int minor, int patch = 0) => new(new Version(2, minor, patch), null);

    private static Span Before(int minor) => new(null, new Version(2, minor, 0));

    /// <summary>Releases.</summary>
    /// <param name="First">Null: from the beginning.</param>
    /// <param name="End">The first release without it; null: it is still there.</param>
    public readonly record struct Span(Version? First, Version? End)
    {
        public bool Contains(ManagerRelease release) =>
            (First is null || release.Number >= First) && (End is null || release.Number < End);
    }
}
