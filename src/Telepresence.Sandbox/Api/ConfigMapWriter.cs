using System.Text.Json;
using System.Text.Json.Nodes;

namespace Telepresence.Sandbox.Api;

/// <summary>PATCH and PUT of a ConfigMap, the one kind of object that clients change here.</summary>
/// <param name="changed">Told the new object before the client is.</param>
internal sealed class ConfigMapWriter(ResourceStore store, ConfigMapAccess access, Action<JsonObject> changed)
{
    /// <summary>etcd's own limit is higher; a ConfigMap holds at most that much.</summary>
    private const int MaxBody = 1 << 20;

    private readonly Lock _writing = new();

    public static bool IsFor(HttpContext context, ResourceRequest request) =>
        request is { Subresource: null, Name: not null }
        && request.Type == ResourceType.ConfigMap
        && (HttpMethods.IsPatch(context.Request.Method) || HttpMethods.IsPut(context.Request.Method));

    public async Task HandleAsync(HttpContext context, ResourceRequest request, string user)
    {
        var isPatch = HttpMethods.IsPatch(context.Request.Method);
        var answer =
            access == ConfigMapAccess.ReadOnly ? ApiStatus.Forbidden(user, isPatch ? "patch" : "update", request)
            // The merge of RFC 7386 and kubectl's strategic one are the same where there are maps alone.
            : isPatch && context.Request.ContentType?.Contains("merge-patch+json", StringComparison.Ordinal) != true
                ? ApiStatus.Create(415, "UnsupportedMediaType", "the sandbox takes merge patches")
            : await ReadAsync(context).ConfigureAwait(false) is { } body ? Write(request, body, isPatch)
            : ApiStatus.BadRequest("the body is not a ConfigMap");
        if (answer["kind"]?.ToString() == "Status")
        {
            await ApiStatus.WriteAsync(context, answer).ConfigureAwait(false);
        }
        else
        {
            await ApiJson.WriteAsync(context, answer).ConfigureAwait(false);
        }
    }

    private JsonObject Write(ResourceRequest request, JsonObject body, bool isPatch)
    {
        lock (_writing)
        {
            var ns = request.Namespace ?? "";
            if (store.Get(ResourceType.ConfigMap, ns, request.Name!) is not { } known)
            {
                return ApiStatus.NotFound(ResourceType.ConfigMap, request.Name!);
            }
            var wanted = body["metadata"]?["resourceVersion"]?.ToString();
            if (wanted is not null && wanted != known["metadata"]!["resourceVersion"]!.ToString())
            {
                return ApiStatus.Create(
                    409,
                    "Conflict",
                    $"Operation cannot be fulfilled on configmaps \"{request.Name}\": the object has been modified; "
                        + "please apply your changes to the latest version and try again"
                );
            }
            var made = isPatch ? known.DeepClone().AsObject() : body;
            if (isPatch)
            {
                Merge(made, body);
            }
            made["metadata"] = known["metadata"]!.DeepClone();
            store.Put(ResourceType.ConfigMap, made);
            changed(made);
            return made.DeepClone().AsObject();
        }
    }

    /// <summary>RFC 7386 §2.</summary>
    private static void Merge(JsonObject target, JsonObject patch)
    {
        foreach (var (name, value) in patch)
        {
            if (value is null)
            {
                target.Remove(name);
            }
            else if (value is JsonObject inner && target[name] is JsonObject existing)
            {
                Merge(existing, inner);
            }
            else
            {
                target[name] = value.DeepClone();
            }
        }
    }

    private static async Task<JsonObject?> ReadAsync(HttpContext context)
    {
        var body = new byte[MaxBody + 1];
        var length = await context
            .Request.Body.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, context.RequestAborted)
            .ConfigureAwait(false);
        try
        {
            return length > MaxBody ? null : JsonNode.Parse(body.AsSpan(0, length)) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
