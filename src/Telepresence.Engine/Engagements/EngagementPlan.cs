using System.Net;
using System.Net.Sockets;
using Telepresence.Client.Contract;
using Telepresence.Client.Engagements;
using Telepresence.Client.Errors;
using Telepresence.Client.Objects;

namespace Telepresence.Engine.Engagements;

/// <summary>A request, read and checked, with the name and the address that were left to us.</summary>
internal sealed record EngagementPlan
{
    public required EngagementRequest Request { get; init; }

    /// <summary>Unique in the session.</summary>
    public required string Name { get; init; }

    public required IPAddress Address { get; init; }

    /// <summary>The first is the main one; none: the only one there is, or all of a replaced container.</summary>
    public required IReadOnlyList<EngagementPort> Ports { get; init; }

    public required IReadOnlyList<PodPort> ToPod { get; init; }

    public EngagementKind Kind => Request.Kind;

    public string Workload => Request.Workload;

    /// <summary>Whatever the volumes' policies are (PROTOCOL §6.5).</summary>
    public bool IsReadOnly => Request.MountReadOnly || Kind is EngagementKind.Ingest or EngagementKind.Wiretap;

    public bool MountsVolumes => Request.Mounts && Request.LocalMountPort is null;

    public bool IsHttp => Request.HttpHeaders.Count > 0 || Request.HttpPaths.Count > 0;

    /// <exception cref="TelepresenceException">InvalidParameter, InvalidEngagementPort, LocalAddressInvalid.</exception>
    public static async Task<EngagementPlan> MakeAsync(EngagementRequest request, CancellationToken cancellationToken)
    {
        if (request.Workload.Length == 0)
            throw Invalid("Workload", "", "it is empty");
        var plan = new EngagementPlan
        {
            Request = request,
            Name = request.Name ?? NameFor(request),
            Ports = [.. request.Ports.Select(EngagementPort.Parse)],
            ToPod = [.. request.ToPod.Select(PodPort.Parse)],
            Address = await AddressAsync(request.Address, cancellationToken).ConfigureAwait(false),
        };
        plan.Check();
        return plan;
    }

    private static string NameFor(EngagementRequest request) =>
        request.Kind switch
        {
            EngagementKind.Replacement or EngagementKind.Ingest when request.Container is { Length: > 0 } container =>
                $"{request.Workload}/{container}",
            EngagementKind.Wiretap => $"{request.Workload}-wiretap",
            _ => request.Workload,
        };

    /// <summary>Only addresses go over the wire.</summary>
    private static async Task<IPAddress> AddressAsync(string? text, CancellationToken cancellationToken)
    {
        if (text is null)
            return IPAddress.Loopback;
        if (IPAddress.TryParse(text, out var literal))
        {
            return literal.Equals(IPAddress.Any) || literal.Equals(IPAddress.IPv6Any)
                ? throw InvalidAddress(text, "it stands for every address, and connections go to one")
                : literal;
        }
        try
        {
            var addresses = await System.Net.Dns.GetHostAddressesAsync(text, cancellationToken).ConfigureAwait(false);
            return addresses.OrderBy(a => a.AddressFamily == AddressFamily.InterNetworkV6).First();
        }
        catch (Exception e) when (e is SocketException or ArgumentException or InvalidOperationException)
        {
            throw InvalidAddress(text, e.Message.TrimEnd('.'), e);
        }
    }

    private void Check()
    {
        if (Kind == EngagementKind.Ingest && Ports.Count > 0)
            throw Invalid("Port", Ports[0].ToString(), "an ingest leaves traffic where it is");
        if (Kind is EngagementKind.Ingest or EngagementKind.Replacement && IsHttp)
            throw Invalid("HttpHeader", "", "only intercepts and wiretaps choose among requests");
        if (Ports.FirstOrDefault(port => port.Identifier == EngagementPort.All) is { } all)
        {
            if (Kind != EngagementKind.Replacement || Ports.Count > 1 || all.Local is not null)
                throw Invalid("Port", all.ToString(), "'all' stands alone, with a replacement");
        }
        foreach (var port in Ports.Skip(1).Where(port => port.Local is null && !port.Identifier.All(char.IsAsciiDigit)))
        {
            throw ErrorCatalogue.Error(
                ErrorId.InvalidEngagementPort,
                port.ToString(),
                ("value", port),
                ("parameter", "Port"),
                ("reason", $"only the first may leave out the port here: 8081:{port.Identifier}")
            );
        }
        if (IsHttp && Ports.Any(port => port.Protocol == TransportProtocol.Udp))
            throw Invalid("HttpHeader", "", "there is no HTTP over a UDP port");
    }

    private static TelepresenceException Invalid(string parameter, string value, string reason) =>
        ErrorCatalogue.Error(
            ErrorId.InvalidParameter,
            value,
            ("parameter", parameter),
            ("value", value),
            ("reason", reason),
            ("command", "New-TelepresenceIntercept")
        );

    private static TelepresenceException InvalidAddress(string text, string reason, Exception? cause = null) =>
        ErrorCatalogue.Error(ErrorId.LocalAddressInvalid, text, cause, ("address", text), ("reason", reason));
}
