using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Telepresence.Kubernetes;

/// <summary>Objects of one kind as trees, for what is written and not only read. Failures are <see cref="KubernetesException"/>.</summary>
internal sealed class GenericClient(KubernetesClient client, ResourceKind kind)
{
    private const string ApplyPatch = "application/apply-patch+yaml";

    /// <returns>Null where there is none of that name, or no such kind.</returns>
    public async Task<JsonObject?> ReadAsync(
        string? namespaceParameter,
        string name,
        CancellationToken cancellationToken = default
    )
    {
        try
        {
            return await CallAsync(HttpMethod.Get, kind.Path(namespaceParameter, name), null, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (KubernetesException e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    /// <param name="namespaceParameter">Null: all namespaces, or a kind that is in none.</param>
    /// <param name="labelSelector">Null: all.</param>
    public async Task<IReadOnlyList<JsonObject>> ListAsync(
        string? namespaceParameter,
        string? labelSelector,
        CancellationToken cancellationToken = default
    ) =>
        (
            await client
                .ListAsync(
                    kind.Path(namespaceParameter),
                    labelSelector,
                    KubernetesJsonContext.Default.V1ListJsonObject,
                    cancellationToken
                )
                .ConfigureAwait(false)
        ).Items;

    /// <summary>Makes an object.</summary>
    /// <exception cref="KubernetesException">Status 409: it exists.</exception>
    public Task<JsonObject> CreateAsync(
        JsonObject body,
        string? namespaceParameter,
        CancellationToken cancellationToken = default
    ) => CallAsync(HttpMethod.Post, kind.Path(namespaceParameter), body, cancellationToken);

    /// <summary>
    /// Server-side apply: makes the object, or makes its fields those of <paramref name="body"/> and drops fields that this
    /// manager had set before and that are not there any more. Fields of others stay.
    /// </summary>
    /// <param name="fieldManager">Who owns the fields from then on.</param>
    /// <param name="force">Takes fields over from others, instead of status 409 that names them.</param>
    public Task<JsonObject> ApplyAsync(
        JsonObject body,
        string? namespaceParameter,
        string name,
        string fieldManager,
        bool force,
        CancellationToken cancellationToken = default
    ) =>
        // JSON is YAML; servers before 1.30 have no media type of its own for it.
        CallAsync(
            HttpMethod.Patch,
            $"{kind.Path(namespaceParameter, name)}?fieldManager={Uri.EscapeDataString(fieldManager)}"
                + (force ? "&force=true" : ""),
            body,
            cancellationToken,
            ApplyPatch
        );

    /// <summary>Deletes an object; what it owns goes in the background, or before it.</summary>
    /// <param name="propagationPolicy"><c>Background</c>, <c>Foreground</c> or <c>Orphan</c>.</param>
    /// <returns>False: there was none.</returns>
    public async Task<bool> DeleteAsync(
        string? namespaceParameter,
        string name,
        string propagationPolicy = "Background",
        CancellationToken cancellationToken = default
    )
    {
        JsonObject options = new()
        {
            ["apiVersion"] = "v1",
            ["kind"] = "DeleteOptions",
            ["propagationPolicy"] = propagationPolicy,
        };
        try
        {
            await CallAsync(HttpMethod.Delete, kind.Path(namespaceParameter, name), options, cancellationToken)
                .ConfigureAwait(false);
            return true;
        }
        catch (KubernetesException e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            return false;
        }
    }

    private Task<JsonObject> CallAsync(
        HttpMethod method,
        string path,
        JsonObject? body,
        CancellationToken cancellationToken,
        string contentType = "application/json"
    ) =>
        client.CallAsync(
            method,
            path,
            body is null ? null : JsonSerializer.SerializeToUtf8Bytes(body, KubernetesJsonContext.Default.JsonObject),
            KubernetesJsonContext.Default.JsonObject,
            cancellationToken,
            contentType
        );
}
