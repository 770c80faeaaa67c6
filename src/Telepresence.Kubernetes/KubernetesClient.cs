using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Telepresence.Kubernetes;

/// <summary>
/// The calls that engine and manager make to the Kubernetes API, named as the official client names them. One connection pool for
/// calls and port-forwards. Every failure is a <see cref="KubernetesException"/>.
/// </summary>
internal sealed class KubernetesClient : IDisposable
{
    private const int PageSize = 500;
    private const int LogLimit = 64 << 10;

    private readonly CredentialSource _credentials;
    private readonly KubernetesTransport _transport;
    private readonly KubernetesClientOptions _options;

    /// <exception cref="KubernetesException">The certificates of the configuration cannot be used.</exception>
    public KubernetesClient(KubernetesClientConfiguration configuration, KubernetesClientOptions? options = null)
    {
        Configuration = configuration;
        _options = options ?? new KubernetesClientOptions();
        _credentials = new CredentialSource(configuration, _options);
        _transport = new KubernetesTransport(configuration, _options, _credentials);
    }

    public KubernetesClientConfiguration Configuration { get; }

    /// <summary>What proves to the API server who the user is.</summary>
    public CredentialSource Credentials => _credentials;

    /// <summary>Bound of one call.</summary>
    public TimeSpan Timeout => _options.Timeout;

    public Task<VersionInfo> GetCodeAsync(CancellationToken cancellationToken = default) =>
        GetAsync("version", KubernetesJsonContext.Default.VersionInfo, cancellationToken);

    public Task<V1Service> ReadNamespacedServiceAsync(
        string name,
        string namespaceParameter,
        CancellationToken cancellationToken = default
    ) =>
        GetAsync(
            $"api/v1/namespaces/{Escape(namespaceParameter)}/services/{Escape(name)}",
            KubernetesJsonContext.Default.V1Service,
            cancellationToken
        );

    public Task<V1Namespace> ReadNamespaceAsync(string name, CancellationToken cancellationToken = default) =>
        GetAsync($"api/v1/namespaces/{Escape(name)}", KubernetesJsonContext.Default.V1Namespace, cancellationToken);

    public Task<V1ConfigMap> ReadNamespacedConfigMapAsync(
        string name,
        string namespaceParameter,
        CancellationToken cancellationToken = default
    ) =>
        GetAsync(
            $"api/v1/namespaces/{Escape(namespaceParameter)}/configmaps/{Escape(name)}",
            KubernetesJsonContext.Default.V1ConfigMap,
            cancellationToken
        );

    /// <summary>Changes what <paramref name="body"/> names (RFC 7386), where it has not changed since its resource version.</summary>
    public Task<V1ConfigMap> PatchNamespacedConfigMapAsync(
        V1ConfigMap body,
        string name,
        string namespaceParameter,
        CancellationToken cancellationToken = default
    ) =>
        CallAsync(
            HttpMethod.Patch,
            $"api/v1/namespaces/{Escape(namespaceParameter)}/configmaps/{Escape(name)}",
            JsonSerializer.SerializeToUtf8Bytes(body, KubernetesJsonContext.Default.V1ConfigMap),
            KubernetesJsonContext.Default.V1ConfigMap,
            cancellationToken,
            "application/merge-patch+json"
        );

    public Task<V1Pod> ReadNamespacedPodAsync(
        string name,
        string namespaceParameter,
        CancellationToken cancellationToken = default
    ) =>
        GetAsync(
            $"api/v1/namespaces/{Escape(namespaceParameter)}/pods/{Escape(name)}",
            KubernetesJsonContext.Default.V1Pod,
            cancellationToken
        );

    /// <summary>The end of what a pod's only container wrote; at most 64 KiB of it.</summary>
    /// <param name="previous">Of the run before the present one.</param>
    public async Task<string> ReadNamespacedPodLogAsync(
        string name,
        string namespaceParameter,
        bool previous,
        int tailLines,
        CancellationToken cancellationToken = default
    )
    {
        var path =
            $"api/v1/namespaces/{Escape(namespaceParameter)}/pods/{Escape(name)}/log?limitBytes={LogLimit}"
            + $"&tailLines={tailLines}{(previous ? "&previous=true" : "")}";
        using var response = await SendAsync(() => CreateCall(HttpMethod.Get, path), cancellationToken)
            .ConfigureAwait(false);
        try
        {
            return await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            throw KubernetesFailure.FromTransport(Configuration, e);
        }
    }

    public Task<V1List<V1Pod>> ListNamespacedPodAsync(
        string namespaceParameter,
        string? labelSelector = null,
        CancellationToken cancellationToken = default
    ) =>
        ListAsync(
            $"api/v1/namespaces/{Escape(namespaceParameter)}/pods",
            labelSelector,
            KubernetesJsonContext.Default.V1ListV1Pod,
            cancellationToken
        );

    public Task<V1List<V1Service>> ListNamespacedServiceAsync(
        string namespaceParameter,
        string? labelSelector = null,
        CancellationToken cancellationToken = default
    ) =>
        ListAsync(
            $"api/v1/namespaces/{Escape(namespaceParameter)}/services",
            labelSelector,
            KubernetesJsonContext.Default.V1ListV1Service,
            cancellationToken
        );

    public Task<V1List<V1Service>> ListServiceForAllNamespacesAsync(CancellationToken cancellationToken = default) =>
        ListAsync("api/v1/services", null, KubernetesJsonContext.Default.V1ListV1Service, cancellationToken);

    public Task<V1List<V1Pod>> ListPodForAllNamespacesAsync(CancellationToken cancellationToken = default) =>
        ListAsync("api/v1/pods", null, KubernetesJsonContext.Default.V1ListV1Pod, cancellationToken);

    public Task<V1List<V1Namespace>> ListNamespaceAsync(CancellationToken cancellationToken = default) =>
        ListAsync("api/v1/namespaces", null, KubernetesJsonContext.Default.V1ListV1Namespace, cancellationToken);

    public Task<V1List<V1Node>> ListNodeAsync(CancellationToken cancellationToken = default) =>
        ListAsync("api/v1/nodes", null, KubernetesJsonContext.Default.V1ListV1Node, cancellationToken);

    /// <summary>Objects of one kind of workload.</summary>
    /// <param name="group">Path of group and version: <c>apis/apps/v1</c>.</param>
    public Task<V1List<V1Workload>> ListNamespacedWorkloadAsync(
        string group,
        string namespaceParameter,
        string plural,
        CancellationToken cancellationToken = default
    ) =>
        ListAsync(
            $"{group}/namespaces/{Escape(namespaceParameter)}/{plural}",
            null,
            KubernetesJsonContext.Default.V1ListV1Workload,
            cancellationToken
        );

    public Task<V1SelfSubjectAccessReview> CreateSelfSubjectAccessReviewAsync(
        V1SelfSubjectAccessReview body,
        CancellationToken cancellationToken = default
    )
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(body, KubernetesJsonContext.Default.V1SelfSubjectAccessReview);
        return CallAsync(
            HttpMethod.Post,
            "apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            json,
            KubernetesJsonContext.Default.V1SelfSubjectAccessReview,
            cancellationToken
        );
    }

    /// <summary>Pods as they change, from <paramref name="resourceVersion"/> on, until the server ends the watch.</summary>
    public async IAsyncEnumerable<V1Pod> WatchNamespacedPodAsync(
        string namespaceParameter,
        string? labelSelector,
        string? resourceVersion,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var path = $"api/v1/namespaces/{Escape(namespaceParameter)}/pods";
        await foreach (
            var change in WatchAsync(path, labelSelector, resourceVersion, cancellationToken).ConfigureAwait(false)
        )
        {
            if (change.Type is "ADDED" or "MODIFIED")
            {
                yield return Read(change.ObjectProperty, KubernetesJsonContext.Default.V1Pod);
            }
            else if (change.Type is "ERROR")
            {
                yield break;
            }
        }
    }

    /// <summary>
    /// What happens to the objects of a list from <paramref name="resourceVersion"/> on, bookmarks and errors included, until
    /// the server ends the watch or the connection breaks.
    /// </summary>
    /// <exception cref="KubernetesException">What any call throws.</exception>
    public async IAsyncEnumerable<WatchEvent> WatchAsync(
        string path,
        string? labelSelector,
        string? resourceVersion,
        [EnumeratorCancellation] CancellationToken cancellationToken,
        string? fieldSelector = null
    )
    {
        var query =
            $"{path}?watch=true&allowWatchBookmarks=true&labelSelector={Escape(labelSelector ?? "")}"
            + $"&resourceVersion={Escape(resourceVersion ?? "")}"
            + (fieldSelector is null ? "" : $"&fieldSelector={Escape(fieldSelector)}");
        using var response = await SendAsync(() => CreateCall(HttpMethod.Get, query), cancellationToken)
            .ConfigureAwait(false);
        var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        using StreamReader reader = new(body, Encoding.UTF8);
        while (await ReadLineAsync(reader, cancellationToken).ConfigureAwait(false) is { Length: > 0 } line)
        {
            yield return Parse(line, path, KubernetesJsonContext.Default.WatchEvent);
        }
    }

    /// <summary>A list page by page; 410 where the server forgot where a page ended.</summary>
    public async IAsyncEnumerable<V1List<T>> ListPagesAsync<T>(
        string path,
        string? labelSelector,
        JsonTypeInfo<V1List<T>> type,
        [EnumeratorCancellation] CancellationToken cancellationToken,
        string? fieldSelector = null
    )
    {
        string? next = null;
        do
        {
            StringBuilder query = new($"{path}?limit={PageSize}");
            if (!string.IsNullOrEmpty(labelSelector))
            {
                query.Append("&labelSelector=").Append(Escape(labelSelector));
            }
            if (fieldSelector is not null)
            {
                query.Append("&fieldSelector=").Append(Escape(fieldSelector));
            }
            if (next is not null)
            {
                query.Append("&continue=").Append(Escape(next));
            }
            var page = await GetAsync(query.ToString(), type, cancellationToken).ConfigureAwait(false);
            yield return page;
            next = page.Metadata.ContinueProperty;
        } while (!string.IsNullOrEmpty(next));
    }

    /// <summary>An object of a watch.</summary>
    /// <exception cref="KubernetesException">KubernetesApiError: it is of another shape.</exception>
    public T Read<T>(JsonElement element, JsonTypeInfo<T> type) => Parse(element.GetRawText(), "watch", type);

    /// <summary>
    /// Sends with credentials, once more with fresh ones after a 401, and turns every failure into a typed one. The answer's
    /// headers have arrived; its body has not.
    /// </summary>
    /// <exception cref="KubernetesException"></exception>
    public async Task<HttpResponseMessage> SendAsync(
        Func<HttpRequestMessage> create,
        CancellationToken cancellationToken
    )
    {
        for (var attempt = 0; ; attempt++)
        {
            var request = create();
            // A plugin has a bound of its own: somebody may have to log in.
            await _credentials.ApplyAsync(request, cancellationToken).ConfigureAwait(false);
            var mayRefresh = attempt == 0 && _credentials.CanRefresh;
            if (await SendOnceAsync(request, mayRefresh, cancellationToken).ConfigureAwait(false) is { } response)
            {
                return response;
            }
            _credentials.Invalidate();
        }
    }

    /// <summary>Null after a 401 that fresh credentials may help.</summary>
    private async Task<HttpResponseMessage?> SendOnceAsync(
        HttpRequestMessage request,
        bool mayRefresh,
        CancellationToken cancellationToken
    )
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(_options.Timeout);
        try
        {
            var response = await _transport.SendAsync(request, timeout.Token).ConfigureAwait(false);
            if (response.IsSuccessStatusCode || response.StatusCode == HttpStatusCode.SwitchingProtocols)
            {
                return response;
            }
            using (response)
            {
                return response.StatusCode == HttpStatusCode.Unauthorized && mayRefresh
                    ? null
                    : throw await KubernetesFailure
                        .FromResponseAsync(Configuration, request, response, timeout.Token)
                        .ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw KubernetesFailure.Unreachable(
                Configuration,
                $"no answer within {_options.Timeout.TotalSeconds:0.#} s",
                e
            );
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw KubernetesFailure.FromTransport(Configuration, e);
        }
    }

    /// <summary>A request that may become an upgrade: those are of HTTP/1.1.</summary>
    public HttpRequestMessage CreateRequest(HttpMethod method, string pathAndQuery)
    {
        HttpRequestMessage request = new(method, new Uri(Configuration.Server, pathAndQuery))
        {
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        // The handler takes the TLS server name from the Host header; there is no other way to give it one.
        request.Headers.Host = Configuration.Cluster.TlsServerName;
        request.Headers.TryAddWithoutValidation("User-Agent", "telepresence-powershell");
        return request;
    }

    public void Dispose()
    {
        _transport.Dispose();
        _credentials.Dispose();
    }

    /// <summary>A call or a watch, over HTTP/2 where the server has it.</summary>
    private HttpRequestMessage CreateCall(HttpMethod method, string pathAndQuery)
    {
        var request = CreateRequest(method, pathAndQuery);
        request.Version = HttpVersion.Version20;
        request.VersionPolicy = HttpVersionPolicy.RequestVersionOrLower;
        // Not of an upgrade: Kubernetes (1.20 at least) answers 406 to one that accepts only this.
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        return request;
    }

    private Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellationToken) =>
        CallAsync(HttpMethod.Get, path, null, type, cancellationToken);

    /// <summary>One call and its answer.</summary>
    /// <param name="body">Null: none.</param>
    /// <exception cref="KubernetesException"></exception>
    public async Task<T> CallAsync<T>(
        HttpMethod method,
        string path,
        byte[]? body,
        JsonTypeInfo<T> type,
        CancellationToken cancellationToken,
        string contentType = "application/json"
    )
    {
        using var response = await SendAsync(
                () =>
                {
                    var request = CreateCall(method, path);
                    if (body is not null)
                    {
                        request.Content = new ByteArrayContent(body);
                        request.Content.Headers.ContentType = new MediaTypeHeaderValue(contentType);
                    }
                    return request;
                },
                cancellationToken
            )
            .ConfigureAwait(false);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(_options.Timeout);
        try
        {
            var stream = await response.Content.ReadAsStreamAsync(timeout.Token).ConfigureAwait(false);
            return await JsonSerializer.DeserializeAsync(stream, type, timeout.Token).ConfigureAwait(false)
                ?? throw KubernetesFailure.Malformed(Configuration, path, "null", null);
        }
        catch (JsonException e)
        {
            throw KubernetesFailure.Malformed(Configuration, path, e.Message, e);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            throw KubernetesFailure.FromTransport(Configuration, e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw KubernetesFailure.Unreachable(Configuration, "the answer stopped half-way", e);
        }
    }

    /// <summary>The whole list, page by page.</summary>
    /// <exception cref="KubernetesException"></exception>
    public async Task<V1List<T>> ListAsync<T>(
        string path,
        string? labelSelector,
        JsonTypeInfo<V1List<T>> type,
        CancellationToken cancellationToken
    )
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                List<T> items = [];
                V1ListMeta metadata = new();
                await foreach (
                    var page in ListPagesAsync(path, labelSelector, type, cancellationToken).ConfigureAwait(false)
                )
                {
                    items.AddRange(page.Items);
                    metadata = page.Metadata;
                }
                return new V1List<T> { Metadata = metadata, Items = items };
            }
            catch (KubernetesException e) when (e.StatusCode == HttpStatusCode.Gone && attempt == 0)
            {
                // The server forgot where a page ended: what was read is of no use.
                continue;
            }
        }
    }

    private async Task<string?> ReadLineAsync(StreamReader reader, CancellationToken cancellationToken)
    {
        try
        {
            return await reader.ReadLineAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            throw KubernetesFailure.FromTransport(Configuration, e);
        }
    }

    private T Parse<T>(string json, string path, JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(json, type)
                ?? throw KubernetesFailure.Malformed(Configuration, path, "null", null);
        }
        catch (JsonException e)
        {
            throw KubernetesFailure.Malformed(Configuration, path, e.Message, e);
        }
    }

    private static string Escape(string text) => Uri.EscapeDataString(text);
}
