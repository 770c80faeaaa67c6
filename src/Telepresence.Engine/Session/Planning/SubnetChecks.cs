using System.Net;
using Telepresence.Client.Errors;
using Telepresence.Engine.Addressing;

namespace Telepresence.Engine.Session.Planning;

/// <summary>
/// Refuses subnets that cannot mean what they are given for, in lists of whatever origin: parameters, configuration,
/// cluster. Each in words, before anything is changed.
/// </summary>
internal static class SubnetChecks
{
    /// <exception cref="TelepresenceException">
    /// LoopbackSubnet, MulticastSubnet, LinkLocalSubnet, WholeAddressSpace or OverlappingTranslation.
    /// </exception>
    public static void Check(SubnetPlanInput input)
    {
        Check(input.AlsoProxy, "AlsoProxy");
        Check(input.NeverProxy, "NeverProxy");
        // To allow every conflict is a wish that makes sense.
        Check(input.AllowConflicting, "AllowConflictingSubnet", allowsEverything: true);
        foreach (var request in input.Translate)
        {
            // Loopback too: a mesh's DNS answers with such addresses, which are reachable from its pods.
            if (request.Network is { } network)
                Check([network], request.Workload.Length > 0 ? "ProxyVia" : "Vnat", allowsLoopback: true);
        }
        if (input.VirtualSubnet is { } virtualSubnet)
            Check([virtualSubnet], "VirtualSubnet");
        RefuseOverlaps(input.Translate);
    }

    /// <param name="parameter">Name of the cmdlet parameter that the networks are for.</param>
    /// <exception cref="TelepresenceException">LoopbackSubnet, MulticastSubnet, LinkLocalSubnet or WholeAddressSpace.</exception>
    public static void Check(
        IEnumerable<IPNetwork> networks,
        string parameter,
        bool allowsLoopback = false,
        bool allowsEverything = false
    )
    {
        foreach (var network in networks)
        {
            ErrorId? refusal =
                network.PrefixLength == 0 && !allowsEverything ? ErrorId.WholeAddressSpace
                : network.IsLoopback() && !allowsLoopback ? ErrorId.LoopbackSubnet
                : network.IsMulticast() ? ErrorId.MulticastSubnet
                : network.IsLinkLocal() ? ErrorId.LinkLocalSubnet
                : null;
            if (refusal is { } id)
            {
                throw ErrorCatalogue.Error(
                    id,
                    network.ToString(),
                    ("subnet", network),
                    ("parameter", parameter),
                    ("command", SubnetParser.CommandOf(parameter))
                );
            }
        }
    }

    private static void RefuseOverlaps(IReadOnlyList<TranslationRequest> requests)
    {
        for (var i = 0; i < requests.Count; i++)
        {
            for (var j = i + 1; j < requests.Count; j++)
            {
                if (Overlap(requests[i], requests[j]))
                {
                    throw ErrorCatalogue.Error(
                        ErrorId.OverlappingTranslation,
                        requests[j].ToString(),
                        ("first", requests[i]),
                        ("second", requests[j])
                    );
                }
            }
        }
    }

    /// <summary>A CIDR and a symbol do not: the CIDR says more. Nor do two symbols that want the same.</summary>
    private static bool Overlap(TranslationRequest one, TranslationRequest other) =>
        (one.Network, other.Network) switch
        {
            ({ } first, { } second) => first.Overlaps(second),
            (null, null) => one.Kind == other.Kind
                || (one.Workload != other.Workload && (one.Kind is null || other.Kind is null)),
            _ => false,
        };
}
