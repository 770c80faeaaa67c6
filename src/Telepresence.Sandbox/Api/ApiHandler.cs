using System.Text.Json.Nodes;
using Telepresence.Sandbox.PortForward;

namespace Telepresence.Sandbox.Api;

/// <summary>Answers the requests of the Kubernetes API.</summary>
internal sealed class ApiHandler(
    ResourceStore store,
    ApiAuthentication authentication,
    PortForwardAccess portForward,
    Func<string, string, PortForwardTarget?> findPod,
    ConfigMapWriter configMaps,
    TimeProvider time,
    CancellationToken stopping
)
{
    private readonly ApiTable _table = new(time);
    private readonly AccessReviews _reviews = new(portForward);

    public async Task HandleAsync(HttpContext context)
    {
        var path = context.Request.Path.Value ?? "/";
        if (path is "/healthz" or "/livez" or "/readyz")
        {
            context.Response.ContentType = "text/plain";
            await context.Response.WriteAsync("ok", context.RequestAborted).ConfigureAwait(false);
            return;
        }
        if (path == "/version")
        {
            await ApiJson.WriteAsync(context, ApiDiscovery.Version()).ConfigureAwait(false);
            return;
        }
        if (authentication.Identify(context) is not { } user)
        {
            await ApiStatus.WriteAsync(context, ApiStatus.Unauthorized()).ConfigureAwait(false);
            return;
        }
        if (HttpMethods.IsGet(context.Request.Method) && ApiDiscovery.Find(path) is { } document)
        {
            await ApiJson.WriteAsync(context, document).ConfigureAwait(false);
            return;
        }
        if (ResourceRequest.Parse(path) is not { } request)
        {
            await ApiStatus.WriteAsync(context, ApiStatus.NoSuchPath()).ConfigureAwait(false);
        }
        else if (AccessReviews.IsReview(request))
        {
            await _reviews.HandleAsync(context, request, user).ConfigureAwait(false);
        }
        else if (request.Type is not { } type)
        {
            await ApiStatus.WriteAsync(context, ApiStatus.NoSuchPath()).ConfigureAwait(false);
        }
        else if (request is { Subresource: "portforward", Name: not null } && type == ResourceType.Pod)
        {
            await ForwardAsync(context, request, user).ConfigureAwait(false);
        }
        else if (request.Subresource is not (null or "status"))
        {
            await ApiStatus.WriteAsync(context, ApiStatus.NoSuchPath()).ConfigureAwait(false);
        }
        else if (ConfigMapWriter.IsFor(context, request))
        {
            await configMaps.HandleAsync(context, request, user).ConfigureAwait(false);
        }
        else if (!HttpMethods.IsGet(context.Request.Method))
        {
            await ApiStatus.WriteAsync(context, ApiStatus.MethodNotAllowed()).ConfigureAwait(false);
        }
        else if (request.Name is { } name)
        {
            await GetAsync(context, type, request.Namespace ?? "", name).ConfigureAwait(false);
        }
        else
        {
            await ListAsync(context, type, request.Namespace).ConfigureAwait(false);
        }
    }

    private async Task ForwardAsync(HttpContext context, ResourceRequest request, string user)
    {
        var verb = HttpMethods.IsPost(context.Request.Method) ? "create" : "get";
        if (!AccessReviews.MayPortForward(portForward, verb, request.Namespace))
        {
            await ApiStatus.WriteAsync(context, ApiStatus.Forbidden(user, verb, request)).ConfigureAwait(false);
        }
        else if (findPod(request.Namespace ?? "", request.Name!) is not { } target)
        {
            await ApiStatus
                .WriteAsync(context, ApiStatus.NotFound(ResourceType.Pod, request.Name!))
                .ConfigureAwait(false);
        }
        else
        {
            await PortForwardEndpoint.HandleAsync(context, target).ConfigureAwait(false);
        }
    }

    private Task GetAsync(HttpContext context, ResourceType type, string ns, string name)
    {
        if (store.Get(type, ns, name) is not { } found)
        {
            return ApiStatus.WriteAsync(context, ApiStatus.NotFound(type, name));
        }
        return ApiJson.WriteAsync(
            context,
            ApiTable.IsWanted(context.Request)
                ? _table.Create(type, [found], (string?)found["metadata"]?["resourceVersion"], Include(context))
                : found
        );
    }

    private Task ListAsync(HttpContext context, ResourceType type, string? ns)
    {
        Func<JsonObject, bool> selected;
        try
        {
            selected = Selector.Parse(context.Request.Query["labelSelector"], context.Request.Query["fieldSelector"]);
        }
        catch (FormatException e)
        {
            return ApiStatus.WriteAsync(context, ApiStatus.BadRequest(e.Message));
        }
        if (context.Request.Query["watch"].ToString() is "true" or "1")
        {
            bool InScope(JsonObject o) => (ns is null || (string?)o["metadata"]?["namespace"] == ns) && selected(o);
            return WatchAsync(context, type, InScope);
        }
        var (items, revision) = store.List(type, ns);
        var chosen = items.Where(selected);
        var version = revision.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return ApiJson.WriteAsync(
            context,
            ApiTable.IsWanted(context.Request)
                ? _table.Create(type, chosen, version, Include(context))
                : new JsonObject
                {
                    ["kind"] = type.Kind + "List",
                    ["apiVersion"] = type.ApiVersion,
                    ["metadata"] = new JsonObject { ["resourceVersion"] = version },
                    ["items"] = new JsonArray([.. chosen.Select(o => o.DeepClone())]),
                }
        );
    }

    private async Task WatchAsync(HttpContext context, ResourceType type, Func<JsonObject, bool> selected)
    {
        long? since =
            long.TryParse(context.Request.Query["resourceVersion"], out var revision) && revision > 0 ? revision : null;
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        if (int.TryParse(context.Request.Query["timeoutSeconds"], out var seconds) && seconds is > 0 and < 86_400)
        {
            ended.CancelAfter(TimeSpan.FromSeconds(seconds));
        }
        context.Response.ContentType = "application/json";
        await context.Response.StartAsync(ended.Token).ConfigureAwait(false);
        await context.Response.Body.FlushAsync(ended.Token).ConfigureAwait(false);
        using var subscription = store.Watch(type, since);
        if (subscription is null)
        {
            await WriteEventAsync(context, "ERROR", ApiStatus.Expired(revision), ended.Token).ConfigureAwait(false);
            return;
        }
        var table = ApiTable.IsWanted(context.Request);
        try
        {
            await foreach (var change in subscription.Events.ReadAllAsync(ended.Token).ConfigureAwait(false))
            {
                if (selected(change.Object))
                {
                    var value = table
                        ? _table.Create(type, [change.Object], null, Include(context))
                        : change.Object.DeepClone();
                    await WriteEventAsync(context, change.Kind, value, ended.Token).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The time asked for is over, the client has gone or the sandbox stops: a watch ends without a word.
            return;
        }
    }

    private static async Task WriteEventAsync(
        HttpContext context,
        string kind,
        JsonNode value,
        CancellationToken cancellationToken
    )
    {
        var line = ApiJson.Bytes(new JsonObject { ["type"] = kind, ["object"] = value });
        await context.Response.Body.WriteAsync(line, cancellationToken).ConfigureAwait(false);
        await context.Response.Body.WriteAsync("\n"u8.ToArray(), cancellationToken).ConfigureAwait(false);
        await context.Response.Body.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    private static string? Include(HttpContext context) => context.Request.Query["includeObject"];
}
