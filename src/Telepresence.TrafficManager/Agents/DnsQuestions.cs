using System.Net.Sockets;
using Google.Protobuf;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;
using Telepresence.TrafficManager.Dns;

namespace Telepresence.TrafficManager.Agents;

/// <summary>Answers the look-ups that managers before 2.25 leave to their agents (PROTOCOL §3.9).</summary>
internal sealed class DnsQuestions(ManagerClient manager, TrafficAgentOptions options)
{
    private const int NotAnswered = 2;
    private const int MaxConcurrent = 64;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    /// <summary>Answers until the watch ends.</summary>
    /// <exception cref="RpcException">Unimplemented: there are none to answer. Others: the manager is away.</exception>
    public async Task FollowAsync(SessionInfo session, CancellationToken cancellationToken)
    {
        if (options.Dns is not { } dns)
            throw new RpcException(StatusCode.Unimplemented, "This agent has no name server");
        var answers = new OwnedTasks();
        using var free = new SemaphoreSlim(MaxConcurrent);
        try
        {
            using var watch = manager.WatchLookupDNS(session, new CallOptions(CancellationToken: cancellationToken));
            await foreach (var question in watch.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                await free.WaitAsync(cancellationToken).ConfigureAwait(false);
                answers.Add(AnswerAsync(session, question, dns, free, cancellationToken));
            }
        }
        finally
        {
            await answers.WhenAllAsync().ConfigureAwait(false);
        }
    }

    private async Task AnswerAsync(
        SessionInfo session,
        DNSRequest question,
        Cluster.IClusterDns dns,
        SemaphoreSlim free,
        CancellationToken cancellationToken
    )
    {
        try
        {
            var response = await ResolveAsync(question, dns, cancellationToken).ConfigureAwait(false);
            await manager.AgentLookupDNSResponse(
                new DNSAgentResponse
                {
                    Session = session,
                    Request = question,
                    Response = response,
                },
                new CallOptions(Deadline: Limit, CancellationToken: cancellationToken)
            );
        }
        catch (RpcException)
        {
            // Whoever asked has gone, or the manager; it asks another agent, or again.
        }
        finally
        {
            free.Release();
        }
    }

    private async ValueTask<DNSResponse> ResolveAsync(
        DNSRequest question,
        Cluster.IClusterDns dns,
        CancellationToken cancellationToken
    )
    {
        if (question.Type > ushort.MaxValue || !DnsWire.IsName(question.Name))
            return new DNSResponse { RCode = NotAnswered };
        try
        {
            var name = question.Name.ToLowerInvariant().TrimEnd('.') + ".";
            var answer = await dns.ResolveAsync(name, (ushort)question.Type, options.Namespace, cancellationToken)
                .ConfigureAwait(false);
            return new DNSResponse
            {
                RCode = answer.ResponseCode,
                Rrs = ByteString.CopyFrom(DnsWire.EncodeRecords(answer.Records)),
            };
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return new DNSResponse { RCode = NotAnswered };
        }
    }
}
