using System.Text.Json;
using System.Text.Json.Nodes;

namespace Telepresence.Sandbox.Api;

/// <summary>SelfSubjectAccessReview (<c>kubectl auth can-i</c>) and SelfSubjectReview (<c>kubectl auth whoami</c>).</summary>
internal sealed class AccessReviews(PortForwardAccess portForward)
{
    private const int MaxBody = 64 * 1024;

    public static bool IsReview(ResourceRequest request) =>
        request
            is { Group: "authorization.k8s.io", Version: "v1", Plural: "selfsubjectaccessreviews" }
                or { Group: "authentication.k8s.io", Version: "v1", Plural: "selfsubjectreviews" };

    public static bool MayPortForward(PortForwardAccess access, string? verb) =>
        access switch
        {
            PortForwardAccess.Allowed => true,
            PortForwardAccess.CreateOnly => verb == "create",
            _ => false,
        };

    public async Task HandleAsync(HttpContext context, ResourceRequest request, string user)
    {
        if (!HttpMethods.IsPost(context.Request.Method))
        {
            await ApiStatus.WriteAsync(context, ApiStatus.MethodNotAllowed()).ConfigureAwait(false);
            return;
        }
        if (await ReadAsync(context).ConfigureAwait(false) is not { } review)
        {
            await ApiStatus
                .WriteAsync(context, ApiStatus.BadRequest("the body is not a JSON object"))
                .ConfigureAwait(false);
            return;
        }
        review["status"] =
            request.Plural == "selfsubjectreviews"
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
        return !isPortForward || MayPortForward(portForward, attributes?["verb"]?.ToString());
    }

    private static async Task<JsonObject?> ReadAsync(HttpContext context)
    {
        if (context.Request.ContentLength > MaxBody)
        {
            return null;
        }
        try
        {
            var node = await JsonNode
                .ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted)
                .ConfigureAwait(false);
            return node as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
