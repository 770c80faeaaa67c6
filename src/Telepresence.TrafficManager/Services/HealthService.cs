using System.Runtime.CompilerServices;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Health;
using Telepresence.TrafficManager.Grpc;
using ServingStatus = Telepresence.Protocol.Health.HealthCheckResponse.Types.ServingStatus;

namespace Telepresence.TrafficManager.Services;

/// <summary>grpc.health.v1: who can ask is served.</summary>
internal static class HealthService
{
    /// <param name="methods">Where to add it.</param>
    /// <param name="service">The service that is healthy as long as it answers.</param>
    public static void AddTo(MethodTable methods, string service)
    {
        methods.Unary(HealthClient.CheckMethod, (request, _) => new(Check(request, service)));
        methods.ServerStreaming(HealthClient.WatchMethod, (request, ct) => WatchAsync(request, service, ct));
    }

    private static HealthCheckResponse Check(HealthCheckRequest request, string service) =>
        IsKnown(request, service)
            ? new HealthCheckResponse { Status = ServingStatus.Serving }
            : throw new RpcException(StatusCode.NotFound, $"There is no service \"{request.Service}\".");

    private static async IAsyncEnumerable<HealthCheckResponse> WatchAsync(
        HealthCheckRequest request,
        string service,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        yield return new HealthCheckResponse
        {
            Status = IsKnown(request, service) ? ServingStatus.Serving : ServingStatus.ServiceUnknown,
        };
        await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(false);
    }

    private static bool IsKnown(HealthCheckRequest request, string service) =>
        request.Service is "" or HealthClient.ServiceName || request.Service == service;
}
