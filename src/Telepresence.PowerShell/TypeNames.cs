using System.Management.Automation;
using Telepresence.Client.Objects;

namespace Telepresence.PowerShell;

/// <summary>The type names that scripts and views see.</summary>
internal static class TypeNames
{
    public const string Session = "Telepresence.Session";
    public const string Subnet = "Telepresence.Subnet";
    public const string Route = "Telepresence.Route";
    public const string RouteDecision = "Telepresence.RouteDecision";
    public const string RouteCandidate = "Telepresence.RouteCandidate";
    public const string Conflict = "Telepresence.Conflict";
    public const string VirtualAddress = "Telepresence.VirtualAddress";
    public const string DnsRecord = "Telepresence.DnsRecord";
    public const string DnsQuery = "Telepresence.DnsQuery";
    public const string Connection = "Telepresence.Connection";
    public const string ConnectionChange = "Telepresence.ConnectionChange";
    public const string Measurement = "Telepresence.Measurement";
    public const string Trace = "Telepresence.Trace";
    public const string LogEntry = "Telepresence.LogEntry";
    public const string ConnectPlan = "Telepresence.ConnectPlan";
    public const string Repair = "Telepresence.Repair";
    public const string Sandbox = "Telepresence.Sandbox";
    public const string Context = "Telepresence.Context";
    public const string Namespace = "Telepresence.Namespace";
    public const string Workload = "Telepresence.Workload";
    public const string Engagement = "Telepresence.Engagement";
    public const string ManagerObject = "Telepresence.ManagerObject";
    public const string ConfigurationEntry = "Telepresence.ConfigurationEntry";

    /// <summary>The name of each type that cmdlets write.</summary>
    public static IReadOnlyDictionary<Type, string> All { get; } =
        new Dictionary<Type, string>
        {
            [typeof(TelepresenceSession)] = Session,
            [typeof(TelepresenceSubnet)] = Subnet,
            [typeof(TelepresenceRoute)] = Route,
            [typeof(TelepresenceRouteDecision)] = RouteDecision,
            [typeof(TelepresenceRouteCandidate)] = RouteCandidate,
            [typeof(TelepresenceConflict)] = Conflict,
            [typeof(TelepresenceVirtualAddress)] = VirtualAddress,
            [typeof(TelepresenceDnsRecord)] = DnsRecord,
            [typeof(TelepresenceDnsQuery)] = DnsQuery,
            [typeof(TelepresenceConnection)] = Connection,
            [typeof(TelepresenceConnectionChange)] = ConnectionChange,
            [typeof(TelepresenceMeasurement)] = Measurement,
            [typeof(TelepresenceTrace)] = Trace,
            [typeof(TelepresenceLogEntry)] = LogEntry,
            [typeof(ConnectPlan)] = ConnectPlan,
            [typeof(TelepresenceRepair)] = Repair,
            [typeof(TelepresenceSandbox)] = Sandbox,
            [typeof(TelepresenceContext)] = Context,
            [typeof(TelepresenceNamespace)] = Namespace,
            [typeof(TelepresenceWorkload)] = Workload,
            [typeof(TelepresenceEngagement)] = Engagement,
            [typeof(TelepresenceManagerObject)] = ManagerObject,
            [typeof(TelepresenceConfigurationEntry)] = ConfigurationEntry,
        };

    /// <summary>Puts the name in front of the .NET type's; other objects stay as they are.</summary>
    public static object Tag(object item)
    {
        if (!All.TryGetValue(item.GetType(), out var name))
        {
            return item;
        }
        var tagged = PSObject.AsPSObject(item);
        if (item is TelepresenceConnectionChange)
        {
            // A change is a connection too, for filters and views of that name.
            tagged.TypeNames.Insert(0, Connection);
        }
        tagged.TypeNames.Insert(0, name);
        return tagged;
    }
}
