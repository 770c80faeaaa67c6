using System.Net;
using Telepresence.Protocol.Manager;

namespace Telepresence.Engine.Engagements;

/// <summary>The pod that serves an engagement, as its agent tells.</summary>
internal sealed record PodTarget
{
    public required string Name { get; init; }

    public required IPAddress Address { get; init; }

    public required string Container { get; init; }

    /// <summary>0: it exports nothing.</summary>
    public int SftpPort { get; init; }

    /// <summary>Directory of the agent below which the container's volumes are; empty: there are none.</summary>
    public string MountPoint { get; init; } = "";

    /// <summary>Which volumes, and what may be done with them.</summary>
    public required VolumePolicies Volumes { get; init; }

    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    public bool HasVolumes => SftpPort > 0 && MountPoint.Length > 0 && Volumes.IsAnyRemote;

    /// <summary>Null while no pod serves it.</summary>
    public static PodTarget? From(InterceptInfo info) =>
        IPAddress.TryParse(info.PodIp, out var address)
            ? new PodTarget
            {
                Name = info.PodName,
                Address = address,
                Container =
                    info.Spec.ContainerName.Length > 0
                        ? info.Spec.ContainerName
                        : info.Environment.GetValueOrDefault("TELEPRESENCE_CONTAINER", ""),
                SftpPort = info.SftpPort,
                MountPoint = info.MountPoint,
                Volumes = VolumePolicies.Of(info.Mounts, info.Environment),
                Environment = info.Environment,
            }
            : null;

    /// <summary>Null when the agent does not have the container, or no address.</summary>
    public static PodTarget? From(AgentInfo agent, string container) =>
        IPAddress.TryParse(agent.PodIp, out var address) && agent.Containers.TryGetValue(container, out var info)
            ? new PodTarget
            {
                Name = agent.PodName,
                Address = address,
                Container = container,
                SftpPort = agent.SftpPort,
                MountPoint = info.MountPoint,
                Volumes = VolumePolicies.Of(info.Mounts, info.Environment),
                Environment = info.Environment,
            }
            : null;
}
