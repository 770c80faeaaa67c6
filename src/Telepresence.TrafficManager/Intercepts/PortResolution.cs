using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Telepresence.Protocol.Manager;
using Telepresence.TrafficManager.Injection;

namespace Telepresence.TrafficManager.Intercepts;

/// <summary>Finds the ports that an intercept asks for among those of a workload (PROTOCOL §6.1, §6.3).</summary>
internal sealed class PortResolution(string workload, string kind, IReadOnlyList<SidecarContainer> containers)
{
    /// <summary>Asks for every port of a container.</summary>
    private const string AllPorts = "all";

    /// <summary>The container, its main port (null: none was asked for), and the further ones.</summary>
    /// <exception cref="InterceptException">There is no such port, or more than one.</exception>
    public ResolvedPorts Resolve(InterceptSpec spec)
    {
        var candidates = Candidates(spec);
        if (spec.PortIdentifier == AllPorts)
            return ResolveAll(spec, candidates);
        if (spec.PortIdentifier.Length == 0 && spec.NoDefaultPort)
            return new ResolvedPorts(Container(spec), null, Further(spec, candidates));
        var main = spec.PortIdentifier.Length == 0 ? Only(candidates, "") : Find(spec.PortIdentifier, candidates);
        return new ResolvedPorts(main.Container.Name, main.Port, Further(spec, candidates));
    }

    private ResolvedPorts ResolveAll(InterceptSpec spec, List<Candidate> candidates)
    {
        var container = Container(spec);
        var ports = candidates
            .Where(c => c.Container.Name == container)
            .DistinctBy(c => (c.Port.ContainerPort, c.Port.Protocol))
            .Select(c => c.Port)
            .ToList();
        var others = ports
            .Skip(1)
            .Select(p => new FurtherPort(p.ContainerPort, p.ContainerPort, p.Protocol))
            .Concat(Further(spec, candidates))
            .DistinctBy(p => (p.ContainerPort, p.Protocol));
        return new ResolvedPorts(container, ports.FirstOrDefault(), [.. others]);
    }

    /// <summary>Of a replaced container, or one whose volumes are all that is wanted.</summary>
    private string Container(InterceptSpec spec)
    {
        if (spec.ContainerName.Length > 0)
            return spec.ContainerName;
        return containers is [{ } only]
            ? only.Name
            : throw new InterceptException(
                $"{kind} {workload} has the containers {List(containers.Select(c => c.Name))}: name one of them"
            );
    }

    private List<Candidate> Candidates(InterceptSpec spec)
    {
        if (spec.ContainerName.Length > 0 && containers.All(c => c.Name != spec.ContainerName))
            throw new InterceptException(
                $"{kind} {workload} has no container {spec.ContainerName}, but {List(containers.Select(c => c.Name))}"
            );
        var all = containers
            .Where(c => spec.ContainerName.Length == 0 || c.Name == spec.ContainerName)
            .SelectMany(c => c.Intercepts.Select(p => new Candidate(c, p)))
            .ToList();
        if (spec.ServiceName.Length == 0)
            return all;
        var ofService = all.Where(c => c.Port.ServiceName == spec.ServiceName).ToList();
        return ofService.Count > 0
            ? ofService
            : throw new InterceptException($"No service {spec.ServiceName} leads to {kind} {workload}");
    }

    private Candidate Find(string text, List<Candidate> candidates)
    {
        if (!PortIdentifier.TryParse(text, out var wanted))
            throw new InterceptException(
                $"\"{text}\" is no port: give a name or a number, with /TCP or /UDP if need be"
            );
        var ofProtocol = candidates.Where(c => wanted.IsOf(c.Port.Protocol)).ToList();
        // A Service's port is what callers know; the container's own comes second.
        var found = ofProtocol
            .Where(c =>
                c.Port.ServiceName.Length > 0
                && (wanted.Name is null ? c.Port.ServicePort == wanted.Number : c.Port.ServicePortName == wanted.Name)
            )
            .ToList();
        if (found.Count == 0)
            found =
            [
                .. ofProtocol.Where(c =>
                    wanted.Name is null
                        ? c.Port.ContainerPort == wanted.Number
                        : c.Port.ContainerPortName == wanted.Name
                ),
            ];
        return Only(found, text, candidates);
    }

    private Candidate Only(List<Candidate> found, string text, List<Candidate>? all = null)
    {
        var asked = text.Length == 0 ? "" : $" {text}";
        if (found.Count == 0)
            throw new InterceptException(
                all is { Count: > 0 }
                    ? $"{kind} {workload} has no port{asked}, but {List(all.Select(Describe).Distinct())}"
                    : $"{kind} {workload} has no port{asked}: none of its containers declares one, and no service leads to it"
            );
        if (found.DistinctBy(c => (c.Port.ContainerPort, c.Port.Protocol)).Count() > 1)
            throw new InterceptException(
                $"Port{asked} of {kind} {workload} is ambiguous: it may be {List(found.Select(Describe).Distinct())}"
            );
        return found[0];
    }

    private IReadOnlyList<FurtherPort> Further(InterceptSpec spec, List<Candidate> candidates)
    {
        var ports = new List<FurtherPort>();
        foreach (var text in spec.PodPorts)
        {
            var slash = text.IndexOf('/', StringComparison.Ordinal);
            var protocol = slash < 0 ? "" : text[slash..];
            var parts = (slash < 0 ? text : text[..slash]).Split(':');
            var from = Find(parts[0] + protocol, candidates).Port;
            var to = from.ContainerPort;
            if (
                parts.Length > 2
                || (
                    parts.Length == 2
                    && (!int.TryParse(parts[1], CultureInfo.InvariantCulture, out to) || to is < 1 or > ushort.MaxValue)
                )
            )
                throw new InterceptException(
                    $"\"{text}\" is no port mapping: give FROM:TO, with /TCP or /UDP if need be"
                );
            ports.Add(new FurtherPort(from.ContainerPort, to, from.Protocol));
        }
        return ports;
    }

    private static string Describe(Candidate candidate)
    {
        var port = candidate.Port;
        var own = string.Create(CultureInfo.InvariantCulture, $"{port.ContainerPort}/{port.Protocol}");
        return port.ServiceName.Length == 0 ? own
            : port.ServicePortName.Length > 0 ? $"{port.ServicePortName} of service {port.ServiceName} ({own})"
            : string.Create(CultureInfo.InvariantCulture, $"{port.ServicePort} of service {port.ServiceName} ({own})");
    }

    private static string List(IEnumerable<string> names) => string.Join(", ", names);

    private readonly record struct Candidate(SidecarContainer Container, SidecarPort Port);
}

/// <summary>What an intercept takes.</summary>
/// <param name="Container">Name of the container.</param>
/// <param name="Main">Its port; null: none.</param>
/// <param name="Further">More ports of the pod.</param>
internal sealed record ResolvedPorts(string Container, SidecarPort? Main, IReadOnlyList<FurtherPort> Further);

/// <summary>A further port.</summary>
/// <param name="ContainerPort">In the pod.</param>
/// <param name="TargetPort">On the client's side.</param>
/// <param name="Protocol"><c>TCP</c> or <c>UDP</c>.</param>
internal sealed record FurtherPort(int ContainerPort, int TargetPort, string Protocol)
{
    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out FurtherPort? port)
    {
        port = null;
        if (
            text.Split(':', '/') is not [var from, var to, var protocol]
            || !int.TryParse(from, CultureInfo.InvariantCulture, out var source)
            || !int.TryParse(to, CultureInfo.InvariantCulture, out var target)
        )
            return false;
        port = new FurtherPort(source, target, protocol);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{ContainerPort}:{TargetPort}/{Protocol}");
}

/// <summary>An intercept that cannot be; the message is for the user.</summary>
internal sealed class InterceptException(string message) : Exception(message);
