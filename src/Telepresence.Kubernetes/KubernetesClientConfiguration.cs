namespace Telepresence.Kubernetes;

/// <summary>One cluster, one user, one namespace: a kubeconfig after a context was chosen and overrides were applied.</summary>
internal sealed record KubernetesClientConfiguration
{
    public required Uri Server { get; init; }
    public required KubeconfigCluster Cluster { get; init; }
    public required KubeconfigUser User { get; init; }

    /// <summary>Context name, or null where the user gave server and token without one.</summary>
    public string? Context { get; init; }

    /// <summary>Namespace to connect to; <c>default</c> where neither user nor context names one.</summary>
    public string Namespace { get; init; } = "default";

    /// <summary>The user's environment for credential plugins; null is this process's.</summary>
    public IReadOnlyDictionary<string, string>? Environment { get; init; }

    /// <summary>Where credential plugins start; null is this process's directory.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>The proxy to the API server: the kubeconfig's, else the environment's; null: none.</summary>
    public ClusterProxy? Proxy { get; init; }

    /// <exception cref="KubernetesException">KubeconfigNotFound, KubeconfigInvalid, ContextNotFound.</exception>
    public static KubernetesClientConfiguration BuildConfig(KubeconfigOptions options)
    {
        Kubeconfig kubeconfig;
        try
        {
            kubeconfig = KubeconfigReader.Load(options);
        }
        catch (KubernetesException e)
            when (e.ErrorId == KubernetesErrorId.KubeconfigNotFound
                && options is { Kubeconfig: null, Context: null, Cluster: null, User: null }
            )
        {
            if (options.Server is null)
            {
                if (ServiceAccount.TryRead(options) is not { } pod)
                {
                    throw;
                }
                return pod.With(options);
            }
            kubeconfig = new Kubeconfig([]);
        }
        var context = ChooseContext(kubeconfig, options);
        var files = string.Join(", ", kubeconfig.Files);

        var clusterName = options.Cluster ?? context?.Cluster;
        KubeconfigCluster? cluster = null;
        if (clusterName is not null && !kubeconfig.Clusters.TryGetValue(clusterName, out cluster))
        {
            throw Missing("cluster", clusterName, kubeconfig.Clusters.Keys, files);
        }
        cluster ??= new KubeconfigCluster(options.Server ?? "(none)", files);

        var userName = options.User ?? context?.User;
        KubeconfigUser? user = null;
        if (!string.IsNullOrEmpty(userName) && !kubeconfig.Users.TryGetValue(userName, out user))
        {
            throw Missing("user", userName, kubeconfig.Users.Keys, files);
        }
        user ??= new KubeconfigUser("(anonymous)", files);

        cluster = cluster with
        {
            Server = options.Server ?? cluster.Server,
            TlsServerName = options.TlsServerName ?? cluster.TlsServerName,
            InsecureSkipTlsVerify = options.SkipCertificateCheck || cluster.InsecureSkipTlsVerify,
        };
        return new KubernetesClientConfiguration
        {
            Server = ParseServer(cluster),
            Cluster = cluster,
            User = user,
            Context = context?.Name,
            Namespace = options.Namespace ?? context?.Namespace ?? "default",
        }.With(options);
    }

    /// <summary>The same with what the user said about credentials, and with the user's surroundings.</summary>
    private KubernetesClientConfiguration With(KubeconfigOptions options)
    {
        var user = User;
        if (options.Token is { } token)
        {
            // A token given by hand replaces whatever would compete for the Authorization header.
            user = user with
            {
                Token = token,
                TokenFile = null,
                Username = null,
                Password = null,
                Exec = null,
                AuthProvider = null,
            };
        }
        if (options.As is not null || options.AsGroup.Count > 0)
        {
            user = user with { Impersonate = options.As ?? user.Impersonate, ImpersonateGroups = options.AsGroup };
        }
        UserEntryCheck.Require(user);
        return this with
        {
            User = user,
            Environment = options.Variables,
            WorkingDirectory = options.WorkingDirectory,
            Proxy = Cluster.ProxyUrl is not null
                ? ClusterProxy.OfCluster(Cluster)
                : ClusterProxy.OfEnvironment(Server, options.GetEnvironmentVariable),
        };
    }

    private static KubeconfigContext? ChooseContext(Kubeconfig kubeconfig, KubeconfigOptions options)
    {
        var name = options.Context ?? kubeconfig.CurrentContext;
        var files = string.Join(", ", kubeconfig.Files);
        if (name is null)
        {
            return options.Server is not null || options.Cluster is not null
                ? null
                : throw new KubernetesException(
                    KubernetesErrorId.ContextNotFound,
                    "ObjectNotFound",
                    $"{files} names no current context. Choose one with -Context.",
                    "kubectl config get-contexts"
                );
        }
        return kubeconfig.Contexts.TryGetValue(name, out var context)
            ? context
            : throw Missing("context", name, kubeconfig.Contexts.Keys, files);
    }

    private static KubernetesException Missing(string kind, string name, IEnumerable<string> known, string files)
    {
        var names = string.Join(", ", known.Order(StringComparer.Ordinal).Take(20));
        return new KubernetesException(
            KubernetesErrorId.ContextNotFound,
            "ObjectNotFound",
            $"There is no {kind} '{name}' in {files}; it has {(names.Length == 0 ? "none" : names)}.",
            "kubectl config get-contexts"
        )
        {
            TargetObject = name,
        };
    }

    private static Uri ParseServer(KubeconfigCluster cluster)
    {
        var text = cluster.Server ?? "";
        if (text.Length > 0 && !text.Contains("://", StringComparison.Ordinal))
        {
            text = "https://" + text;
        }
        return Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "https" or "http"
            ? new Uri(uri.AbsoluteUri.TrimEnd('/') + "/")
            : throw new KubernetesException(
                KubernetesErrorId.KubeconfigInvalid,
                "InvalidData",
                $"Cluster '{cluster.Name}' in {cluster.File} has no usable server address ('{cluster.Server}'). Correct it, or give -Server.",
                "kubectl config view --minify"
            );
    }
}
