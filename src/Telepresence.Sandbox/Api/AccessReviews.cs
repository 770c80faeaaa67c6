using System.Text.Json;
using System.Text.Json.Nodes;
using Google.Protobuf;

namespace Telepresence.Sandbox.Api;

/// <summary>SelfSubjectAccessReview (<c>kubectl auth can-i</c>) and SelfSubjectReview (<c>kubectl auth whoami</c>).</summary>
internal sealed class AccessReviews(PortForwardAccess portForward)
{
    private const int MaxBody = 64 * 1024;
    private const string ProtobufType = "application/vnd.kubernetes.protobuf";

    public static bool IsReview(ResourceRequest request) =>
        request
            is { Group: "authorization.k8s.io", Version: "v1", Plural: "selfsubjectaccessreviews" }
                or { Group: "authentication.k8s.io", Version: "v1", Plural: "selfsubjectreviews" };

    public static bool MayPortForward(PortForwardAccess access, string? verb, string? ns) =>
        access switch
        {
            PortForwardAccess.Allowed => true,
            PortForwardAccess.CreateOnly => verb == "create",
            PortForwardAccess.ExceptMesh => ns != SandboxCluster.MeshNamespace,
            _ => false,
        };

    public async Task HandleAsync(HttpContext context, ResourceRequest request, string user)
    {
        if (!HttpMethods.IsPost(context.Request.Method))
        {
            await ApiStatus.WriteAsync(context, ApiStatus.MethodNotAllowed()).ConfigureAwait(false);
            return;
        }
        var isIdentity = request.Plural == "selfsubjectreviews";
        var kind = isIdentity ? "SelfSubjectReview" : "SelfSubjectAccessReview";
        if (await ReadAsync(context, kind).ConfigureAwait(false) is not { } review)
        {
            await ApiStatus
                .WriteAsync(context, ApiStatus.BadRequest($"the body is not a {kind}"))
                .ConfigureAwait(false);
            return;
        }
        review["status"] = isIdentity
            ? new JsonObject
            {
                ["userInfo"] = new JsonObject
                {
                    ["username"] = user,
                    ["groups"] = new JsonArray(ApiAuthentication.Group, "system:authenticated"),
                },
            }
            : new JsonObject { ["allowed"] = IsAllowed(review["spec"]?["resourceAttributes"] as JsonObject) };
        context.Response.StatusCode = StatusCodes.Status201Created;
        await ApiJson.WriteAsync(context, review).ConfigureAwait(false);
    }

    private bool IsAllowed(JsonObject? attributes)
    {
        var resource = attributes?["resource"]?.ToString();
        var subresource = attributes?["subresource"]?.ToString();
        var isPortForward = (resource, subresource) is ("pods", "portforward") or ("pods/portforward", _);
        return !isPortForward
            || MayPortForward(portForward, attributes?["verb"]?.ToString(), attributes?["namespace"]?.ToString());
    }

    private static async Task<JsonObject?> ReadAsync(HttpContext context, string kind)
    {
        var body = new byte[MaxBody + 1];
        var length = await context
            .Request.Body.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, context.RequestAborted)
            .ConfigureAwait(false);
        if (length > MaxBody)
        {
            return null;
        }
        try
        {
            return context.Request.ContentType == ProtobufType
                ? ProtobufReview.Parse(kind, body.AsSpan(0, length))
                : JsonNode.Parse(body.AsSpan(0, length)) as JsonObject;
        }
        catch (Exception e) when (e is JsonException or InvalidProtocolBufferException)
        {
            return null;
        }
    }
}
