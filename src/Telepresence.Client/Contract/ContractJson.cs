using System.Text.Json.Serialization;
using Telepresence.Client.Objects;

namespace Telepresence.Client.Contract;

/// <summary>
/// JSON of the contract: camelCase, enums as names, unknown fields passed over. The records have setters and not init
/// accessors, because the source generator assigns every init property, and what a peer left out would lose its default.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip
)]
[JsonSerializable(typeof(HelloParameters))]
[JsonSerializable(typeof(HelloResult))]
[JsonSerializable(typeof(RepairParameters))]
[JsonSerializable(typeof(TelepresenceRepair[]))]
[JsonSerializable(typeof(ClusterSelection))]
[JsonSerializable(typeof(ConnectParameters))]
[JsonSerializable(typeof(ConnectProgress))]
[JsonSerializable(typeof(ConflictNotice))]
[JsonSerializable(typeof(ConnectPlan))]
[JsonSerializable(typeof(SessionParameters))]
[JsonSerializable(typeof(WaitParameters))]
[JsonSerializable(typeof(RoutesParameters))]
[JsonSerializable(typeof(FindRouteParameters))]
[JsonSerializable(typeof(ConflictParameters))]
[JsonSerializable(typeof(AddressParameters))]
[JsonSerializable(typeof(ResolveParameters))]
[JsonSerializable(typeof(DnsQueriesParameters))]
[JsonSerializable(typeof(StopConnectionParameters))]
[JsonSerializable(typeof(ConnectionWatchParameters))]
[JsonSerializable(typeof(PingParameters))]
[JsonSerializable(typeof(LogLevelParameters))]
[JsonSerializable(typeof(TraceParameters))]
[JsonSerializable(typeof(TraceProgress))]
[JsonSerializable(typeof(TelepresenceTrace))]
[JsonSerializable(typeof(double[]))]
[JsonSerializable(typeof(ConnectionChanges))]
[JsonSerializable(typeof(ConfigurationParameters))]
[JsonSerializable(typeof(ConfigurationResult))]
[JsonSerializable(typeof(ConfigurationChange))]
[JsonSerializable(typeof(ConfigurationChanged))]
[JsonSerializable(typeof(WorkloadsParameters))]
[JsonSerializable(typeof(InstallationParameters))]
[JsonSerializable(typeof(InstallationProgress))]
[JsonSerializable(typeof(InstallationResult))]
[JsonSerializable(typeof(EngagementRequest))]
[JsonSerializable(typeof(EngagementParameters))]
[JsonSerializable(typeof(EngagementProgress))]
[JsonSerializable(typeof(AgentRemoval))]
[JsonSerializable(typeof(WorkloadPortsParameters))]
[JsonSerializable(typeof(TelepresenceEngagement))]
[JsonSerializable(typeof(TelepresenceEngagement[]))]
[JsonSerializable(typeof(ErrorData))]
[JsonSerializable(typeof(TelepresenceSession))]
[JsonSerializable(typeof(TelepresenceSession[]))]
[JsonSerializable(typeof(TelepresenceSubnet[]))]
[JsonSerializable(typeof(TelepresenceRoute[]))]
[JsonSerializable(typeof(TelepresenceRouteDecision[]))]
[JsonSerializable(typeof(TelepresenceConflict[]))]
[JsonSerializable(typeof(TelepresenceVirtualAddress[]))]
[JsonSerializable(typeof(TelepresenceDnsRecord[]))]
[JsonSerializable(typeof(TelepresenceDnsQuery[]))]
[JsonSerializable(typeof(TelepresenceConnection[]))]
[JsonSerializable(typeof(TelepresenceContext[]))]
[JsonSerializable(typeof(TelepresenceNamespace[]))]
[JsonSerializable(typeof(TelepresenceWorkload[]))]
[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(int))]
public sealed partial class ContractJson : JsonSerializerContext;
