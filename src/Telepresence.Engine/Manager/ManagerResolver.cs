using Telepresence.Engine.Dns;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;

namespace Telepresence.Engine.Manager;

/// <summary>Asks the manager's LookupDNS.</summary>
internal sealed class ManagerResolver(ManagerClient client, SessionInfo session, TimeSpan timeout) : IClusterResolver
{
    public async ValueTask<(int ResponseCode, ReadOnlyMemory<byte> Records)> LookupAsync(
        string name,
        ushort type,
        CancellationToken cancellationToken
    )
    {
        var request = new DNSRequest
        {
            Session = session,
            Name = name,
            Type = type,
        };
        try
        {
            var response = await client
                .LookupDNS(request, new CallOptions(Deadline: timeout, CancellationToken: cancellationToken))
                .ConfigureAwait(false);
            return (response.RCode, response.Rrs.Memory);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.DeadlineExceeded)
        {
            throw new TimeoutException($"The traffic-manager did not resolve {name} within {timeout}.", e);
        }
        catch (RpcException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        catch (RpcException e)
        {
            throw new IOException($"The traffic-manager could not resolve {name}: {e.Message}", e);
        }
    }
}
