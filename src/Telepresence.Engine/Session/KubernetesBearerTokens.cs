using Telepresence.Client.Errors;
using Telepresence.Engine.Manager;
using Telepresence.Kubernetes;

namespace Telepresence.Engine.Session;

/// <summary>Bearer tokens of the kubeconfig's user: its token, token file, or credential plugin.</summary>
internal sealed class KubernetesBearerTokens(KubernetesClient client) : IBearerTokens
{
    public string WhyNone =>
        client switch
        {
            { Configuration.User: { Username: not null } user } => $"the user '{user.Name}' has a password only",
            { Configuration.User: var user, Credentials.ClientCertificate: not null } =>
                $"the user '{user.Name}' has a client certificate only, which a port-forward does not carry",
            { Configuration.User: var user } => $"the user '{user.Name}' has none",
        };

    public async ValueTask<string?> GetAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await client.Credentials.GetBearerTokenAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (KubernetesException e)
        {
            throw TelepresenceException.FromData(e.ToData(), e);
        }
    }

    public void Invalidate() => client.Credentials.Invalidate();
}
