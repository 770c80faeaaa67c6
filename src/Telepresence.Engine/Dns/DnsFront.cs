namespace Telepresence.Engine.Dns;

/// <summary>
/// The engine's one name server. It asks the sessions in the order they came, and what none of them can answer the
/// name server that the machine had before.
/// </summary>
/// <param name="upstream">Null: there is none, and what is nobody's does not exist.</param>
internal sealed class DnsFront(
    IUpstreamResolver? upstream,
    TimeProvider time,
    DnsQueryLog log,
    DnsStatistics statistics
)
{
    /// <summary>What a response buffer must hold.</summary>
    public const int MaxMessageLength = ushort.MaxValue;

    private readonly Lock _gate = new();
    private DnsServer[] _servers = [];

    public DnsQueryLog Log => log;

    public DnsStatistics Statistics => statistics;

    public void Add(DnsServer server)
    {
        lock (_gate)
            Volatile.Write(ref _servers, [.. _servers, server]);
    }

    public void Remove(DnsServer server)
    {
        lock (_gate)
            Volatile.Write(ref _servers, [.. _servers.Where(other => !ReferenceEquals(other, server))]);
    }

    /// <summary>Answers what can be answered without waiting; allocates nothing for what is cached.</summary>
    /// <param name="response">At least <see cref="MaxMessageLength"/>.</param>
    /// <param name="length">Of the answer; 0: none is due.</param>
    /// <returns>False: <see cref="HandleAsync"/> must be asked.</returns>
    public bool TryHandle(ReadOnlySpan<byte> request, DnsTransport transport, Span<byte> response, out int length)
    {
        Span<char> name = stackalloc char[DnsName.MaxTextLength];
        var parsed = DnsQuery.Parse(request, name, out var nameLength, out var query);
        switch (parsed)
        {
            case DnsParseResult.Drop:
                statistics.CountDropped();
                length = 0;
                return true;
            case DnsParseResult.Malformed:
                statistics.CountMalformed();
                length = DnsResponse.WriteFormatError(request, response);
                return true;
            case DnsParseResult.Foreign:
                length = 0;
                return false;
        }
        var started = time.GetTimestamp();
        if (query is { HasEdns: true, EdnsVersion: > 0 })
        {
            length = WriteCode(request, query, ResponseCode.BadVersion, response);
            return true;
        }
        foreach (var server in Volatile.Read(ref _servers))
        {
            if (!server.TryResolve(name[..nameLength], query.Type, out var resolution))
                break;
            if (resolution.Answer is null)
                continue;
            // What one session does not know another may.
            if (!IsFinal(resolution.Answer))
                break;
            statistics.CountQuery();
            length = Write(request, query, resolution.Answer, transport, response);
            Keep(request, query, resolution.By, server.Options.Session, resolution.Answer.ResponseCode, started);
            return true;
        }
        length = 0;
        return false;
    }

    /// <summary>Answers a request. Never throws for what it holds, nor for what a name server says to it.</summary>
    /// <param name="response">At least <see cref="MaxMessageLength"/>; untouched until the request is no longer needed.</param>
    /// <returns>Length of the answer; 0: none is due.</returns>
    /// <exception cref="OperationCanceledException">Cancelled by the caller.</exception>
    public ValueTask<int> HandleAsync(
        ReadOnlyMemory<byte> request,
        DnsTransport transport,
        Memory<byte> response,
        CancellationToken cancellationToken
    ) =>
        TryHandle(request.Span, transport, response.Span, out var length)
            ? ValueTask.FromResult(length)
            : HandleSlowlyAsync(request, transport, response, cancellationToken);

    private async ValueTask<int> HandleSlowlyAsync(
        ReadOnlyMemory<byte> request,
        DnsTransport transport,
        Memory<byte> response,
        CancellationToken cancellationToken
    )
    {
        var started = time.GetTimestamp();
        statistics.CountQuery();
        if (ParseQuery(request.Span, out var query) is not { } name)
            return
                await ForwardAsync(request, null, transport, response, started, cancellationToken).ConfigureAwait(false)
                    is var foreign
                        and > 0
                ? foreign
                : WriteNotImplemented(request.Span, response.Span);

        var (failed, session, isExclusive) = (default(DnsResolution), "", false);
        foreach (var server in Volatile.Read(ref _servers))
        {
            var resolution = await server.ResolveAsync(name, query.Type, cancellationToken).ConfigureAwait(false);
            isExclusive |= resolution.IsExclusive;
            if (resolution.Answer is null)
                continue;
            if (IsFinal(resolution.Answer))
            {
                Keep(
                    request.Span,
                    query,
                    resolution.By,
                    server.Options.Session,
                    resolution.Answer.ResponseCode,
                    started
                );
                return Write(request.Span, query, resolution.Answer, transport, response.Span);
            }
            // "Could not find out" outweighs "is not there": a client may remember the latter.
            if (failed.Answer is null || resolution.Answer.ResponseCode != ResponseCode.NonexistentDomain)
                (failed, session) = (resolution, server.Options.Session);
        }
        if (!isExclusive && upstream is not null)
        {
            var length = await ForwardAsync(request, query, transport, response, started, cancellationToken)
                .ConfigureAwait(false);
            var isBetter =
                length > 0
                && (
                    failed.Answer is null
                    || failed.Answer.ResponseCode == ResponseCode.NonexistentDomain
                    || DnsResponse.CodeOf(response.Span[..length]) == ResponseCode.NoError
                );
            if (isBetter)
                return length;
        }
        var answer =
            failed.Answer ?? (isExclusive || upstream is null ? DnsAnswer.NonexistentDomain : DnsAnswer.ServerFailure);
        Keep(request.Span, query, failed.By, session, answer.ResponseCode, started);
        return Write(request.Span, query, answer, transport, response.Span);
    }

    private static string? ParseQuery(ReadOnlySpan<byte> request, out DnsQuery query)
    {
        Span<char> name = stackalloc char[DnsName.MaxTextLength];
        return DnsQuery.Parse(request, name, out var length, out query) == DnsParseResult.Query
            ? new string(name[..length])
            : null;
    }

    /// <summary>Answers that end the search: data, its known absence, or a type that is never looked up.</summary>
    private static bool IsFinal(DnsAnswer answer) =>
        answer.IsSuccess || answer.ResponseCode == ResponseCode.NotImplemented;

    private async ValueTask<int> ForwardAsync(
        ReadOnlyMemory<byte> request,
        DnsQuery? query,
        DnsTransport transport,
        Memory<byte> response,
        long started,
        CancellationToken cancellationToken
    )
    {
        if (upstream is null)
            return 0;
        var answer = await upstream
            .ForwardAsync(request, transport == DnsTransport.Tcp, cancellationToken)
            .ConfigureAwait(false);
        if (answer is null || answer.Length > response.Length)
            return 0;
        if (query is { } known)
        {
            var code = DnsResponse.CodeOf(answer);
            Keep(request.Span, known, DnsAnsweredBy.Upstream, "", code, started);
            if (transport == DnsTransport.Udp && answer.Length > known.MaxUdpPayload)
                return WriteTruncated(request.Span, known, code, response.Span);
        }
        answer.CopyTo(response);
        return answer.Length;
    }

    private int Write(
        ReadOnlySpan<byte> request,
        in DnsQuery query,
        DnsAnswer answer,
        DnsTransport transport,
        Span<byte> response
    ) =>
        DnsResponse.Write(
            request,
            query,
            answer.ResponseCode,
            authoritative: true,
            recursionAvailable: upstream is not null,
            answer.RecordCount,
            answer.Records,
            transport == DnsTransport.Udp ? query.MaxUdpPayload : MaxMessageLength,
            response
        );

    private int WriteCode(ReadOnlySpan<byte> request, in DnsQuery query, int code, Span<byte> response) =>
        DnsResponse.Write(request, query, code, false, upstream is not null, 0, [], MaxMessageLength, response);

    private static int WriteTruncated(ReadOnlySpan<byte> request, in DnsQuery query, int code, Span<byte> response) =>
        DnsResponse.Write(request, query, code, false, recursionAvailable: true, 0, [], limit: 0, response);

    private static int WriteNotImplemented(ReadOnlySpan<byte> request, Span<byte> response)
    {
        var length = DnsResponse.WriteFormatError(request, response);
        response[3] = ResponseCode.NotImplemented;
        return length;
    }

    private void Keep(
        ReadOnlySpan<byte> request,
        in DnsQuery query,
        DnsAnsweredBy by,
        string session,
        int code,
        long started
    ) => log.Add(request[DnsQuery.HeaderLength..(query.QuestionEnd - 4)], query.Type, by, session, code, started);
}
