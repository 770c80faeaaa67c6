using System.Diagnostics.CodeAnalysis;
using System.Net;
using Telepresence.Protocol.Manager;
using Telepresence.TrafficManager.Intercepts;

namespace Telepresence.TrafficManager.Agents.Forwarding;

/// <summary>An intercept that an agent may serve.</summary>
/// <param name="Info">As the manager tells.</param>
/// <param name="Filter">What it takes.</param>
/// <param name="Target">What its client is to dial.</param>
internal sealed record ServedIntercept(InterceptInfo Info, InterceptFilter Filter, IPEndPoint Target)
{
    public string Id => Info.Id;

    /// <summary>The client's.</summary>
    public string Session => Info.ClientSession?.SessionId ?? "";

    public static bool TryCreate(
        InterceptInfo info,
        [NotNullWhen(true)] out ServedIntercept? intercept,
        [NotNullWhen(false)] out string? fault
    )
    {
        intercept = null;
        var spec = info.Spec;
        // A name is the client's to resolve; what goes to its own machine needs no resolving.
        var host = spec.TargetHost is "" or "localhost" ? "127.0.0.1" : spec.TargetHost;
        if (!IPAddress.TryParse(host, out var address))
        {
            fault = $"The target host \"{host}\" is no address";
            return false;
        }
        try
        {
            intercept = new ServedIntercept(info, new InterceptFilter(spec), new IPEndPoint(address, spec.TargetPort));
            fault = null;
            return true;
        }
        catch (Exception e) when (e is InterceptException or ArgumentOutOfRangeException)
        {
            fault = e.Message;
            return false;
        }
    }

    /// <summary>True: a connection that the other took, this one takes the same way.</summary>
    public bool IsAs(ServedIntercept other) =>
        Id == other.Id && Session == other.Session && Target.Equals(other.Target) && Filter.Key == other.Filter.Key;
}
