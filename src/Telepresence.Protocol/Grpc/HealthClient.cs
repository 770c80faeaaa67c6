using Telepresence.Protocol.Health;

namespace Telepresence.Protocol.Grpc;

/// <summary>The standard health service.</summary>
public sealed class HealthClient(GrpcChannel channel)
{
    /// <summary>Name of the service.</summary>
    public const string ServiceName = "grpc.health.v1.Health";

    /// <summary>Asks once.</summary>
    public static readonly Method<HealthCheckRequest, HealthCheckResponse> CheckMethod = new(
        MethodType.Unary,
        ServiceName,
        "Check"
    );

    /// <summary>Tells every change.</summary>
    public static readonly Method<HealthCheckRequest, HealthCheckResponse> WatchMethod = new(
        MethodType.ServerStreaming,
        ServiceName,
        "Watch"
    );

    /// <summary>Asks once.</summary>
    public AsyncUnaryCall<HealthCheckResponse> Check(HealthCheckRequest request, CallOptions options = default) =>
        channel.AsyncUnaryCall(CheckMethod, options, request);

    /// <summary>Tells every change.</summary>
    public AsyncServerStreamingCall<HealthCheckResponse> Watch(
        HealthCheckRequest request,
        CallOptions options = default
    ) => channel.AsyncServerStreamingCall(WatchMethod, options, request);
}
