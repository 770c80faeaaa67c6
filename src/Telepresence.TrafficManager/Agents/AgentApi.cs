using Google.Protobuf;
using Telepresence.Protocol.Agent;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;
using Telepresence.TrafficManager.Dns;
using Telepresence.TrafficManager.Grpc;

namespace Telepresence.TrafficManager.Agents;

/// <summary>The Agent service but for the Tunnel rpc.</summary>
internal sealed class AgentApi(TrafficAgentOptions options, ClientDials dials)
{
    public void AddTo(MethodTable methods)
    {
        methods.Unary(
            AgentMethods.Version,
            (_, _) => new(new VersionInfo2 { Name = options.Name, Version = options.Version })
        );
        methods.ServerStreaming(AgentMethods.WatchDial, WatchDial);
        if (options.Dns is not null)
            methods.Unary(AgentMethods.Lookup, LookupAsync);
    }

    private IAsyncEnumerable<DialRequest> WatchDial(SessionInfo session, CancellationToken cancellationToken) =>
        session.SessionId.Length > 0
            ? dials.WatchAsync(session.SessionId, cancellationToken)
            : throw new RpcException(StatusCode.InvalidArgument, "session id must not be empty");

    private async ValueTask<LookupResponse> LookupAsync(LookupRequest request, CancellationToken cancellationToken)
    {
        if (!DnsWire.IsName(request.Name))
            throw new RpcException(StatusCode.InvalidArgument, $"\"{request.Name}\" is no name to look up");
        var name = request.Name.ToLowerInvariant().TrimEnd('.') + ".";
        var response = new LookupResponse();
        foreach (var type in new[] { DnsWire.TypeA, DnsWire.TypeAaaa })
        {
            var answer = await options
                .Dns!.ResolveAsync(name, type, options.Namespace, cancellationToken)
                .ConfigureAwait(false);
            response.Ips.AddRange(
                answer.Records.Where(record => record.Type == type).Select(r => ByteString.CopyFrom(r.Data))
            );
        }
        return response;
    }
}
