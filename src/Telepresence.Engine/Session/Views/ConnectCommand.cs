using System.Globalization;
using System.Net;
using Telepresence.Client.Contract;
using Telepresence.Client.Objects;
using Telepresence.Client.Sessions;
using Telepresence.Engine.Session.Planning;

namespace Telepresence.Engine.Session.Views;

/// <summary>The Connect-Telepresence that means given settings, to be pasted.</summary>
internal static class ConnectCommand
{
    /// <summary>
    /// What else could be done about a conflict, each with the user's other parameters: translate the subnet, let it win
    /// over the local route, leave it to the local route. One that other parameters would contradict is left out; so is
    /// <c>-ProxyVia</c>, whose workload only the user knows.
    /// </summary>
    public static IEnumerable<string> Alternatives(PlannedSubnet subnet, SessionSettings settings)
    {
        if (subnet.Conflict is null)
            yield break;
        var prefix = subnet.Prefix;
        var requests = settings.Translate.Where(t => Concerns(t, subnet)).ToList();
        if (requests.Count == 0)
            yield return Text(
                settings with
                {
                    Translate = [.. settings.Translate, new TranslationRequest(prefix, null)],
                }
            );
        // A wider request goes on translating it, whatever else is said.
        if (!requests.TrueForAll(r => r.Network == prefix))
            yield break;
        var plain = settings with { Translate = [.. settings.Translate.Except(requests)] };
        yield return Text(plain with { AllowConflicting = [.. plain.AllowConflicting.Append(prefix).Distinct()] });
        if (plain.AlsoProxy.Contains(prefix))
            yield return Text(plain with { AlsoProxy = [.. plain.AlsoProxy.Where(a => a != prefix)] });
        else if (subnet.Kind != SubnetKind.Also)
            yield return Text(plain with { NeverProxy = [.. plain.NeverProxy.Append(prefix).Distinct()] });
    }

    /// <summary>The user's own command; where it would be refused, with every conflict translated.</summary>
    public static string Recommended(SubnetPlan plan, SessionSettings settings) =>
        Text(
            settings with
            {
                Translate =
                [
                    .. settings.Translate,
                    .. plan
                        .Subnets.Where(s => s.Resolution == ConflictResolution.Refused)
                        .Select(s => new TranslationRequest(s.Prefix, null)),
                ],
            }
        );

    /// <summary>A token is asked for when the command runs: none is ever shown.</summary>
    public static string Text(SessionSettings settings)
    {
        var cluster = settings.Cluster;
        var translated = settings.Translate.ToLookup(t => t.Workload.Length > 0);
        return string.Concat(
            "Connect-Telepresence",
            Part("Context", cluster.Context),
            Part("Kubeconfig", IsDefaultKubeconfig(cluster) ? null : cluster.Kubeconfig),
            Part("Cluster", cluster.Cluster),
            Part("User", cluster.User),
            Part("Server", cluster.Server),
            cluster.Token is null ? "" : " -Token (Read-Host Token -MaskInput)",
            Part("As", cluster.As),
            Part("AsGroup", cluster.AsGroup),
            Part("TlsServerName", cluster.TlsServerName),
            cluster.SkipCertificateCheck ? " -SkipCertificateCheck" : "",
            Part("Namespace", settings.Namespace),
            Part("MappedNamespace", settings.MappedNamespaces),
            Part("ManagerNamespace", settings.ManagerNamespace),
            Part("Name", settings.Name),
            Part("Vnat", translated[false].Select(t => t.ToString())),
            Part("ProxyVia", translated[true].Select(t => $"{SubnetOf(t)}={t.Workload}")),
            Part("AlsoProxy", Texts(settings.AlsoProxy)),
            Part("NeverProxy", Texts(settings.NeverProxy)),
            Part("AllowConflictingSubnet", Texts(settings.AllowConflicting)),
            Part("VirtualSubnet", settings.VirtualSubnet?.ToString()),
            settings.AutoResolveConflicts is false ? " -NoAutoResolve" : "",
            settings.Timeout is { } timeout
                ? $" -TimeoutSeconds {timeout.TotalSeconds.ToString(CultureInfo.InvariantCulture)}"
                : ""
        );
    }

    private static bool Concerns(TranslationRequest request, PlannedSubnet subnet) =>
        request.Network is { } network
            ? Addressing.IPNetworkExtensions.Overlaps(network, subnet.Prefix)
            : request.Kind is null || request.Kind == subnet.Kind;

    private static string SubnetOf(TranslationRequest request) => (request with { Workload = "" }).ToString();

    // The client always fills it in; what it fills in without being told need not be repeated.
    private static bool IsDefaultKubeconfig(ClusterSelection cluster) =>
        cluster.Kubeconfig is null
        || (
            cluster is { WorkingDirectory: { } directory, Environment: { } environment }
            && UserContext.Complete(new ClusterSelection(), directory, environment).Kubeconfig == cluster.Kubeconfig
        );

    private static IEnumerable<string> Texts(IEnumerable<IPNetwork> networks) => networks.Select(n => n.ToString());

    private static string Part(string parameter, string? value) =>
        value is null ? "" : $" -{parameter} {PowerShellText.Quote(value)}";

    private static string Part(string parameter, IEnumerable<string> values) =>
        PowerShellText.Quote(values) is { Length: > 0 } list ? $" -{parameter} {list}" : "";
}
