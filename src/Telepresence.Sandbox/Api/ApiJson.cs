using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Telepresence.Sandbox.Api;

/// <summary>JSON as the API server writes it.</summary>
internal static class ApiJson
{
    private static readonly JsonSerializerOptions s_options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static async Task WriteAsync(HttpContext context, JsonNode value)
    {
        var bytes = Bytes(value);
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = bytes.Length;
        await context.Response.Body.WriteAsync(bytes, context.RequestAborted).ConfigureAwait(false);
    }

    public static byte[] Bytes(JsonNode value) => JsonSerializer.SerializeToUtf8Bytes(value, s_options);
}
