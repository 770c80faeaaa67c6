using System.Net;
using Telepresence.Protocol.Manager;

namespace Telepresence.TrafficManager.Agents;

/// <summary>What an agent tells the manager of itself when it arrives.</summary>
internal static class AgentDescription
{
    private const string Product = "telepresence";

    public static AgentInfo Of(TrafficAgentOptions options, IPEndPoint api, int sftpPort)
    {
        var info = new AgentInfo
        {
            Name = options.Workload,
            Kind = options.Kind?.ToString() ?? "",
            Namespace = options.Namespace,
            PodName = options.PodName,
            PodUid = options.PodUid,
            PodIp = options.PodAddress.ToString(),
            ApiPort = options.ApiPort ?? api.Port,
            SftpPort = sftpPort,
            Product = Product,
            Version = options.Version,
        };
        info.Mechanisms.Add(Mechanism("tcp", options));
        if (options.Release?.IsAtLeast(25) != false)
            info.Mechanisms.Add(Mechanism("http", options));
        foreach (var container in options.Containers)
        {
            var description = new AgentInfo.Types.ContainerInfo
            {
                MountPoint = sftpPort == 0 ? "" : container.MountPoint,
            };
            description.Environment.Add(ContainerEnvironment.Of(container));
            description.Mounts.Add(container.Mounts.ToDictionary());
            info.Containers.Add(container.Name, description);
        }
        return info;
    }

    private static AgentInfo.Types.Mechanism Mechanism(string name, TrafficAgentOptions options) =>
        new()
        {
            Name = name,
            Product = Product,
            Version = options.Version,
        };
}
