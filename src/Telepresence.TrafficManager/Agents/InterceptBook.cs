using System.Collections.Immutable;
using System.Globalization;
using System.Net.Sockets;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;
using Telepresence.TrafficManager.Agents.Forwarding;

namespace Telepresence.TrafficManager.Agents;

/// <summary>The intercepts that the manager tells an agent of: reviews those that wait, and has the forwarders serve the rest.</summary>
internal sealed partial class InterceptBook(
    ManagerClient manager,
    TrafficAgentOptions options,
    IReadOnlyList<PortForwarder> forwarders,
    int sftpPort
)
{
    private const string AllConnections = "all TCP connections";
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(5);

    private readonly ILogger _logger = options.LoggerFactory.CreateLogger<InterceptBook>();
    private readonly Dictionary<string, ReviewInterceptRequest> _reviewed = new(StringComparer.Ordinal);

    /// <summary>Follows until the watch ends. What was served last goes on until another manager says otherwise.</summary>
    /// <exception cref="RpcException">The manager is away.</exception>
    public async Task FollowAsync(SessionInfo session, CancellationToken cancellationToken)
    {
        _reviewed.Clear();
        using var watch = manager.WatchIntercepts(session, new CallOptions(CancellationToken: cancellationToken));
        await foreach (var snapshot in watch.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            await ApplyAsync(session, snapshot.Intercepts, cancellationToken).ConfigureAwait(false);
    }

    private async Task ApplyAsync(
        SessionInfo session,
        IReadOnlyList<InterceptInfo> intercepts,
        CancellationToken cancellationToken
    )
    {
        foreach (var gone in _reviewed.Keys.Except(intercepts.Select(i => i.Id)).ToList())
            _reviewed.Remove(gone);
        var served = new List<ServedIntercept>();
        var reviews = new List<ReviewInterceptRequest>();
        foreach (var info in intercepts.OrderByDescending(IsServedNow))
        {
            if (info.Disposition is not (InterceptDispositionType.Active or InterceptDispositionType.Waiting))
                continue;
            var review = Review(info, served, out var intercept);
            var isNews = !_reviewed.TryGetValue(info.Id, out var known) || !known.Equals(review);
            if (info.Disposition == InterceptDispositionType.Waiting && isNews)
            {
                _reviewed[info.Id] = review;
                review.Session = session;
                reviews.Add(review);
            }
            if (intercept is not null)
                served.Add(intercept);
        }
        // Served first: whoever is told that it is active relies on it.
        foreach (var forwarder in forwarders)
            forwarder.Set(RulesOf(forwarder, served));
        foreach (var review in reviews)
            await ReviewAsync(review, cancellationToken).ConfigureAwait(false);
    }

    private bool IsServedNow(InterceptInfo info) =>
        info.Disposition == InterceptDispositionType.Active
        || forwarders.Any(f => f.Rules.Takers.Concat(f.Rules.Taps).Any(i => i.Id == info.Id));

    private ReviewInterceptRequest Review(
        InterceptInfo info,
        List<ServedIntercept> served,
        out ServedIntercept? intercept
    )
    {
        var spec = info.Spec;
        var review = new ReviewInterceptRequest
        {
            Id = info.Id,
            Disposition = InterceptDispositionType.AgentError,
            MechanismArgsDesc = AllConnections,
        };
        intercept = null;
        if (Find(spec) is not { } container)
        {
            review.Message = $"No match for container \"{spec.ContainerName}\"";
            return review;
        }
        if (spec.ContainerPort != 0 && !forwarders.Any(f => IsOf(f, spec)))
        {
            review.Message = string.Create(
                CultureInfo.InvariantCulture,
                $"No match for port {spec.ContainerPort}/{spec.Protocol} of container \"{container.Name}\""
            );
            return review;
        }
        if (!ServedIntercept.TryCreate(info, out var made, out var fault))
        {
            review.Disposition = InterceptDispositionType.BadArgs;
            review.Message = fault;
            return review;
        }
        if (Conflict(made, served) is { } other)
        {
            var state = other.Info.Disposition == InterceptDispositionType.Active ? "served" : "waiting-to-be-served";
            review.Message = $"Conflicts with the currently-{state} intercept \"{other.Id}\"";
            return review;
        }
        intercept = made;
        Approve(review, container);
        return review;
    }

    private void Approve(ReviewInterceptRequest review, AgentContainer container)
    {
        review.Disposition = InterceptDispositionType.Active;
        review.PodIp = options.PodAddress.ToString();
        review.SftpPort = sftpPort;
        review.MountPoint = sftpPort == 0 ? "" : container.MountPoint;
        review.Environment.Add(ContainerEnvironment.Of(container));
        review.Mounts.Add(container.Mounts.ToDictionary());
    }

    private static ServedIntercept? Conflict(ServedIntercept wanted, List<ServedIntercept> served)
    {
        var spec = wanted.Info.Spec;
        if (spec.Wiretap || spec.ContainerPort == 0)
            return null;
        return served.FirstOrDefault(other =>
            !other.Info.Spec.Wiretap
            && other.Info.Spec.ContainerPort == spec.ContainerPort
            && Protocol(other.Info.Spec) == Protocol(spec)
            && other.Filter.Key == wanted.Filter.Key
        );
    }

    /// <summary>Before 2.21 containers had no say; then the only one is meant, or the one with the port.</summary>
    private AgentContainer? Find(InterceptSpec spec) =>
        spec.ContainerName.Length > 0
            ? options.Containers.FirstOrDefault(c => c.Name == spec.ContainerName)
            : options.Containers.FirstOrDefault(c => c.Ports.Any(p => p.ContainerPort == spec.ContainerPort))
                ?? (options.Containers is [var first, ..] ? first : null);

    private static PortRules RulesOf(PortForwarder forwarder, List<ServedIntercept> served)
    {
        var own = served.Where(i => IsOf(forwarder, i.Info.Spec)).ToList();
        return new PortRules(
            [.. own.Where(i => !i.Info.Spec.Wiretap).OrderByDescending(i => i.Filter.Precedence)],
            [.. own.Where(i => i.Info.Spec.Wiretap)]
        );
    }

    private static bool IsOf(PortForwarder forwarder, InterceptSpec spec) =>
        forwarder.Port.ContainerPort == spec.ContainerPort && forwarder.Port.Protocol == Protocol(spec);

    private static ProtocolType Protocol(InterceptSpec spec) =>
        spec.Protocol == "UDP" ? ProtocolType.Udp : ProtocolType.Tcp;

    private async Task ReviewAsync(ReviewInterceptRequest review, CancellationToken cancellationToken)
    {
        try
        {
            await manager.ReviewIntercept(
                review,
                new CallOptions(Deadline: CallLimit, CancellationToken: cancellationToken)
            );
            LogReviewed(_logger, review.Id, review.Disposition, review.Message);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            // Removed meanwhile.
        }
    }

    [LoggerMessage(LogLevel.Information, "Intercept {Id}: {Disposition} {Message}")]
    private static partial void LogReviewed(
        ILogger logger,
        string id,
        InterceptDispositionType disposition,
        string message
    );
}
