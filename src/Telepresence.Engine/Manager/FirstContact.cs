using Telepresence.Client.Errors;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;

namespace Telepresence.Engine.Manager;

/// <summary>The first call to a manager, which may still be starting.</summary>
internal static class FirstContact
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    /// <exception cref="RpcException">What the last try failed with.</exception>
    public static async Task<VersionInfo2> GetVersionAsync(
        ManagerClient client,
        ManagerConnectionOptions options,
        CancellationToken cancellationToken
    )
    {
        var time = options.TimeProvider;
        var began = time.GetTimestamp();
        var backOff = new BackOff(FirstPause, LongestPause, time);
        RpcException? earlier = null;
        while (true)
        {
            var left = options.ApiTimeout - time.GetElapsedTime(began);
            try
            {
                return await client
                    .Version(new CallOptions(Deadline: left, CancellationToken: cancellationToken))
                    .ConfigureAwait(false);
            }
            catch (RpcException e) when (MayPass(e) && options.ApiTimeout - time.GetElapsedTime(began) > FirstPause)
            {
                cancellationToken.ThrowIfCancellationRequested();
                earlier = e;
                await backOff.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.DeadlineExceeded && earlier is not null)
            {
                // Why the tries before failed says more than that the last one had no time left.
                cancellationToken.ThrowIfCancellationRequested();
                throw earlier;
            }
        }
    }

    /// <summary>What speaks another protocol, or forbids, will do so in a second too.</summary>
    private static bool MayPass(RpcException exception) =>
        exception.StatusCode == StatusCode.Unavailable
        && !ManagerErrors
            .Causes(exception)
            .Any(cause =>
                cause is GrpcPeerException
                || cause
                    is TelepresenceException
                        {
                            // An API server that cannot be reached is no manager that is starting.
                            Id: nameof(ErrorId.ClusterUnreachable)
                        }
                        or TelepresenceException { Category: not TelepresenceErrorCategory.ConnectionError }
            );
}
