using Telepresence.Protocol.Grpc;
using Telepresence.TrafficManager.Cluster;

namespace Telepresence.TrafficManager.Services;

/// <summary>What is asked of those who arrive, clients and agents alike.</summary>
internal static class Arrival
{
    /// <exception cref="RpcException">InvalidArgument: the value is empty.</exception>
    public static void Require(string value, string what)
    {
        if (value.Length == 0)
            throw new RpcException(StatusCode.InvalidArgument, $"{what} must not be empty");
    }

    /// <exception cref="RpcException">FailedPrecondition: the namespace is not this manager's.</exception>
    public static void RequireManaged(ClusterFacts facts, string ns)
    {
        if (facts.ManagedNamespaces is { } managed && !managed.Contains(ns))
            throw new RpcException(
                StatusCode.FailedPrecondition,
                $"namespace {ns} is not managed by this traffic-manager"
            );
    }
}
