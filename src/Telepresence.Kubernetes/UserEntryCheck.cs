namespace Telepresence.Kubernetes;

/// <summary>Refuses what a user entry asks for and nobody can do, before the cluster is asked.</summary>
internal static class UserEntryCheck
{
    private const string OpenId = "oidc";

    /// <exception cref="KubernetesException">KubeconfigInvalid.</exception>
    public static void Require(KubeconfigUser user)
    {
        if (user.Exec is { Command: "" })
        {
            throw Invalid(user, "its credential plugin names no command. Correct users[].user.exec.command there.");
        }
        if (
            user.Impersonate is null
            && (user.ImpersonateGroups.Count > 0 || user.ImpersonateUid is not null || user.ImpersonateExtra.Count > 0)
        )
        {
            throw Invalid(
                user,
                "it impersonates groups, uid or extra without a user. Name one with -As, or as 'as' there."
            );
        }
        var hasCredentials =
            user.Token is not null || user.TokenFile is not null || user.Username is not null || user.Exec is not null;
        if (user.AuthProvider is { } provider && !hasCredentials && provider is not { Name: OpenId, IdToken: not null })
        {
            throw Invalid(user, Left(provider.Name));
        }
    }

    /// <summary>What replaces an auth-provider: Kubernetes 1.26 gave them up for credential plugins.</summary>
    private static string Left(string provider)
    {
        var instead = provider switch
        {
            "gcp" => "Install gke-gcloud-auth-plugin and run 'gcloud container clusters get-credentials'.",
            "azure" => "Install kubelogin and run 'kubelogin convert-kubeconfig'.",
            OpenId => "Install kubelogin (kubectl oidc-login) and set it up as 'exec', or log in again.",
            _ => "Ask the cluster's administrator for a kubeconfig with 'exec', a token or a certificate.",
        };
        return $"its auth-provider '{provider}' is no longer supported by Kubernetes. {instead}";
    }

    public static KubernetesException Invalid(KubeconfigUser user, string why, Exception? inner = null) =>
        new(
            KubernetesErrorId.KubeconfigInvalid,
            "InvalidData",
            $"User '{user.Name}' in {user.File} cannot be used: {why}",
            "kubectl config view --minify",
            inner
        )
        {
            TargetObject = user.File,
        };
}
