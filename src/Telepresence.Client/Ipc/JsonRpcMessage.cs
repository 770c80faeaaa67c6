using System.Text.Json;
using System.Text.Json.Serialization;
using Telepresence.Client.Contract;

namespace Telepresence.Client.Ipc;

/// <summary>One JSON-RPC 2.0 message: a request (id and method), a notification (method), or a response (id).</summary>
internal sealed record JsonRpcMessage
{
    public string? Jsonrpc { get; init; }

    public long? Id { get; init; }
    public string? Method { get; init; }
    public JsonElement? Params { get; init; }
    public JsonElement? Result { get; init; }
    public JsonRpcError? Error { get; init; }
}

/// <summary>The <c>error</c> of a response.</summary>
internal sealed record JsonRpcError
{
    public const int ParseError = -32700;
    public const int InvalidRequest = -32600;
    public const int MethodNotFound = -32601;
    public const int InvalidParams = -32602;
    public const int InternalError = -32603;

    /// <summary>Any typed error; its <see cref="Data"/> says which.</summary>
    public const int Typed = -32000;

    /// <summary>The request was cancelled by who sent it.</summary>
    public const int Cancelled = -32800;

    public int Code { get; init; }
    public string? Message { get; init; }
    public ErrorData? Data { get; init; }
}

/// <summary>Params of <c>$/cancelRequest</c>.</summary>
internal sealed record CancelParameters(long Id);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(JsonRpcMessage))]
[JsonSerializable(typeof(CancelParameters))]
internal sealed partial class JsonRpcJson : JsonSerializerContext;
