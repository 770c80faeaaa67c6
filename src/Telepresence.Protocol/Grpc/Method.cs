using Google.Protobuf;

namespace Telepresence.Protocol.Grpc;

/// <summary>Which side streams.</summary>
public enum MethodType
{
    /// <summary>One message each way.</summary>
    Unary,

    /// <summary>Many messages from the server.</summary>
    ServerStreaming,

    /// <summary>Many messages both ways.</summary>
    DuplexStreaming,
}

/// <summary>A remote method.</summary>
/// <param name="Type">Which side streams.</param>
/// <param name="ServiceName">With its package.</param>
/// <param name="Name">Of the method.</param>
public sealed record Method<TRequest, TResponse>(MethodType Type, string ServiceName, string Name)
    where TRequest : class, IMessage<TRequest>, new()
    where TResponse : class, IMessage<TResponse>, new()
{
    /// <summary>The HTTP/2 path.</summary>
    public string FullName { get; } = $"/{ServiceName}/{Name}";
}
