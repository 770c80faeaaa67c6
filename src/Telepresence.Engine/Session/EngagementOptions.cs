using Telepresence.Client.Errors;
using Telepresence.Client.Ipc;
using Telepresence.Engine.Engagements;
using Telepresence.Engine.Manager;
using Telepresence.Engine.Session.Configuration;
using Telepresence.Engine.Vnat;

namespace Telepresence.Engine.Session;

/// <summary>What the configuration and the cluster mean to a session's engagements.</summary>
internal static class EngagementOptions
{
    public static EngagementContext Make(
        SessionServices services,
        IClusterAccess access,
        ClusterLink link,
        string session,
        string space,
        ClientConfiguration configuration,
        TranslationTable translation
    )
    {
        var context = new EngagementContext
        {
            Session = session,
            Namespace = space,
            ManagerNamespace = access.ManagerNamespace,
            Client = services.ClientName,
            Connection = () => link.Connection,
            OpenPod = async (pod, token) =>
                await access.OpenPodStreamAsync(pod.Namespace, pod.Name, pod.Port, token).ConfigureAwait(false),
            MayLink = token =>
                configuration.AgentPortForward is false ? Task.FromResult(false) : MayLinkAsync(access, space, token),
            Translation = translation,
            Volumes = services.Volumes,
            Tunnels = ManagerOptions.Make(services, space, access).Tunnels,
            Loggers = services.Loggers,
        };
        return configuration.Intercept is { } timeout ? context with { ActiveTimeout = timeout } : context;
    }

    /// <summary>Without the right to it the traffic-manager relays.</summary>
    private static async Task<bool> MayLinkAsync(
        IClusterAccess access,
        string space,
        CancellationToken cancellationToken
    )
    {
        try
        {
            await access.RequirePodStreamsAsync(space, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (Exception e) when (e is TelepresenceException or ITypedError)
        {
            return false;
        }
    }
}
