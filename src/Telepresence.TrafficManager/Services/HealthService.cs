using System.Runtime.CompilerServices;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Health;
using Telepresence.Protocol.Manager;
using Telepresence.TrafficManager.Grpc;
using ServingStatus = Telepresence.Protocol.Health.HealthCheckResponse.Types.ServingStatus;

namespace Telepresence.TrafficManager.Services;

/// <summary>grpc.health.v1: who can ask is served.</summary>
internal static class HealthService
{
    public static void AddTo(MethodTable methods)
    {
        methods.Unary(HealthClient.CheckMethod, (request, _) => new(Check(request)));
        methods.ServerStreaming(HealthClient.WatchMethod, WatchAsync);
    }

    private static HealthCheckResponse Check(HealthCheckRequest request) =>
        IsKnown(request)
            ? new HealthCheckResponse { Status = ServingStatus.Serving }
            : throw new RpcException(StatusCode.NotFound, $"There is no service \"{request.Service}\".");

    private static async IAsyncEnumerable<HealthCheckResponse> WatchAsync(
        HealthCheckRequest request,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        yield return new HealthCheckResponse
        {
            Status = IsKnown(request) ? ServingStatus.Serving : ServingStatus.ServiceUnknown,
        };
        await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(false);
    }

    private static bool IsKnown(HealthCheckRequest request) =>
        request.Service is "" or ManagerMethods.ServiceName or HealthClient.ServiceName;
}
