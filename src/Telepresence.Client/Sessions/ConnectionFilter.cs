using System.Net;
using Telepresence.Client.Objects;

namespace Telepresence.Client.Sessions;

/// <summary>The filters of <c>Get-NetTCPConnection</c>: values of one property are alternatives, properties add up.</summary>
public sealed class ConnectionFilter
{
    /// <summary>Addresses on this machine; empty: any.</summary>
    public IReadOnlyList<string> LocalAddress { get; init; } = [];

    /// <summary>Ports on this machine; empty: any.</summary>
    public IReadOnlyList<int> LocalPort { get; init; } = [];

    /// <summary>Addresses that programs connected to, or the real ones behind them; empty: any.</summary>
    public IReadOnlyList<string> RemoteAddress { get; init; } = [];

    /// <summary>Ports that programs connected to; empty: any.</summary>
    public IReadOnlyList<int> RemotePort { get; init; } = [];

    /// <summary>States; empty: any.</summary>
    public IReadOnlyList<string> State { get; init; } = [];

    /// <summary>Processes; empty: any.</summary>
    public IReadOnlyList<int> OwningProcess { get; init; } = [];

    /// <summary>TCP or UDP; null: both.</summary>
    public TransportProtocol? Protocol { get; init; }

    /// <summary>True when the connection passes.</summary>
    public bool Matches(TelepresenceConnection connection) =>
        (Protocol is null || connection.Protocol == Protocol)
        && IsAny(LocalPort, connection.LocalPort)
        && IsAny(RemotePort, connection.RemotePort)
        && IsAny(OwningProcess, connection.OwningProcess)
        && (State.Count == 0 || State.Contains(connection.State, StringComparer.OrdinalIgnoreCase))
        && IsAnyAddress(LocalAddress, connection.LocalAddress)
        && (
            IsAnyAddress(RemoteAddress, connection.RemoteAddress)
            || IsAnyAddress(RemoteAddress, connection.ClusterAddress)
        );

    private static bool IsAny(IReadOnlyList<int> wanted, int value) => wanted.Count == 0 || wanted.Contains(value);

    private static bool IsAnyAddress(IReadOnlyList<string> wanted, string value) =>
        wanted.Count == 0
        || (
            IPAddress.TryParse(value, out var address)
            && wanted.Any(w => IPAddress.TryParse(w, out var other) && other.Equals(address))
        );
}
