using System.Text.Json.Nodes;

namespace Telepresence.Sandbox.Api;

/// <summary>Kubernetes Status objects: how the API server says no.</summary>
internal static class ApiStatus
{
    public static JsonObject Create(int code, string reason, string message, JsonObject? details = null) =>
        new()
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject(),
            ["status"] = "Failure",
            ["message"] = message,
            ["reason"] = reason,
            ["details"] = details,
            ["code"] = code,
        };

    public static JsonObject BadRequest(string message) => Create(400, "BadRequest", message);

    public static JsonObject Unauthorized() => Create(401, "Unauthorized", "Unauthorized");

    public static JsonObject Forbidden(string user, string verb, ResourceRequest request)
    {
        var type = request.Type!;
        var resource = request.Subresource is null ? type.Plural : $"{type.Plural}/{request.Subresource}";
        return Create(
            403,
            "Forbidden",
            $"{type.QualifiedName} \"{request.Name}\" is forbidden: User \"{user}\" cannot {verb} resource \"{resource}\" in API group \"{type.Group}\" in the namespace \"{request.Namespace}\"",
            Details(type, request.Name)
        );
    }

    public static JsonObject NotFound(ResourceType type, string name) =>
        Create(404, "NotFound", $"{type.QualifiedName} \"{name}\" not found", Details(type, name));

    public static JsonObject NoSuchPath() =>
        Create(404, "NotFound", "the server could not find the requested resource", new JsonObject());

    public static JsonObject MethodNotAllowed() =>
        Create(
            405,
            "MethodNotAllowed",
            "the server does not allow this method on the requested resource: the sandbox's objects are read-only"
        );

    public static JsonObject Expired(long revision) => Create(410, "Expired", $"too old resource version: {revision}");

    public static Task WriteAsync(HttpContext context, JsonObject status)
    {
        context.Response.StatusCode = (int)status["code"]!;
        return ApiJson.WriteAsync(context, status);
    }

    private static JsonObject Details(ResourceType type, string? name) =>
        new()
        {
            ["name"] = name,
            ["group"] = type.Group.Length == 0 ? null : type.Group,
            ["kind"] = type.Plural,
        };
}
