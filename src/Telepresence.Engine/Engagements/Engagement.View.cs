using Telepresence.Client.Objects;

namespace Telepresence.Engine.Engagements;

internal sealed partial class Engagement
{
    /// <summary>The engagement as users see it.</summary>
    public TelepresenceEngagement View()
    {
        lock (_gate)
        {
            var mountPoint = _volumes?.Path ?? "";
            return new TelepresenceEngagement
            {
                Name = Name,
                Kind = Plan.Kind,
                Workload = Plan.Workload,
                WorkloadKind = _spec?.WorkloadKind ?? "",
                Namespace = _context.Namespace,
                State = _state,
                Message = _message,
                Service = _spec?.ServiceName ?? "",
                Ports = _spec is { } spec ? [.. InterceptSpecs.Ports(spec)] : [],
                Address = Plan.Kind == EngagementKind.Ingest ? "" : Plan.Address.ToString(),
                Container = _target?.Container ?? _spec?.ContainerName ?? "",
                PodName = _target?.Name ?? "",
                PodIP = _target?.Address.ToString() ?? "",
                Environment = _target is { } target
                    ? EngagementEnvironment.Make(target.Environment, Id, mountPoint, _context.Translation)
                    : [],
                MountPoint = mountPoint,
                IsMountReadOnly = _volumes?.IsReadOnly ?? false,
                MountError = _volumes?.Error ?? _mountError,
                LocalMountPort = _mountForward?.Port ?? 0,
                ToPod = [.. Plan.ToPod.Select(port => port.ToString())],
                HttpHeader = [.. Plan.Request.HttpHeaders.Select(pair => $"{pair.Key}={pair.Value}")],
                HttpPath = [.. Plan.Request.HttpPaths],
                Metadata = Plan.Request.Metadata.ToDictionary(),
                Connections = Interlocked.Read(ref _connections),
                Since = _since,
                Session = _context.Session,
            };
        }
    }

    /// <summary>What TELEPRESENCE_INTERCEPT_ID says.</summary>
    private string Id => _info?.Id is { Length: > 0 } id ? id : $"{Plan.Workload}/{_target?.Container}";
}
