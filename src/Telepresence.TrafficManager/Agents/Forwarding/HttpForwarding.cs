using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Telepresence.Protocol.Tunnel;

namespace Telepresence.TrafficManager.Agents.Forwarding;

/// <summary>
/// A caller's connection whose requests go different ways (PROTOCOL §6.2). Bytes pass as they are; only where one request
/// ends and the next begins is looked at. Answers need not be: a caller sends the next request when it has the answer.
/// An HTTP/2 connection goes as a whole where its first request goes.
/// </summary>
internal sealed class HttpForwarding(
    SocketEnd caller,
    IPEndPoint peer,
    Func<PortRules> rules,
    AgentPort port,
    ForwarderContext context
) : IAsyncDisposable
{
    private readonly CallerBuffer _buffer = new(caller);
    private readonly Dictionary<string, Tap> _taps = new(StringComparer.Ordinal);
    private readonly HttpLanes _lanes = new(caller);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var idle = new IdleTimer(context.Options.TimeProvider, context.Options.TcpIdleTimeout);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, idle.Idle, _lanes.Over);
        while (await ReadHeadAsync(ending.Token).ConfigureAwait(false) is var length && length != 0)
        {
            idle.Touch();
            if (length < 0 || !RequestHead.TryParse(_buffer.Available.Span[..length], out var head))
            {
                await ForwardOpaqueAsync(ending.Token).ConfigureAwait(false);
                break;
            }
            if (!await ForwardRequestAsync(head, length, idle, ending.Token).ConfigureAwait(false))
                break;
        }
        await _lanes.FinishAsync(ending.Token).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await _lanes.DisposeAsync().ConfigureAwait(false);
        foreach (var tap in _taps.Values)
            context.End(tap);
    }

    /// <returns>Length of the next request's head; 0: there is none; -1: what comes is no HTTP/1.</returns>
    private async ValueTask<int> ReadHeadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var available = _buffer.Available.Span;
            if (Http2Opening.IsPreface(available))
                return -1;
            var end = available.IndexOf(RequestHead.End);
            if (end >= 0)
                return end + RequestHead.End.Length;
            if (available.Length >= RequestHead.MaxLength)
                return -1;
            if (!await _buffer.FillAsync(cancellationToken).ConfigureAwait(false))
                return _buffer.Available.Length == 0 ? 0 : -1;
        }
    }

    /// <returns>False: nothing may follow that is looked at.</returns>
    private async ValueTask<bool> ForwardRequestAsync(
        RequestHead head,
        int headLength,
        IdleTimer idle,
        CancellationToken cancellationToken
    )
    {
        var present = rules();
        var taker = present.Takers.FirstOrDefault(t => t.Filter.Matches(head.Path, head.Headers));
        var taps = Taps(present.Taps.Where(t => t.Filter.Matches(head.Path, head.Headers)));
        var lane = await _lanes
            .UseAsync(taker, ct => context.OpenAsync(taker, port, peer, ct), cancellationToken)
            .ConfigureAwait(false);
        var sink = new Sink(lane, taps, idle);
        await sink.SendAsync(_buffer.Take(headLength), cancellationToken).ConfigureAwait(false);
        if (head.IsUpgrade)
        {
            await ForwardRestAsync(sink, cancellationToken).ConfigureAwait(false);
            return false;
        }
        return head.IsChunked
            ? await ForwardChunksAsync(sink, cancellationToken).ConfigureAwait(false)
            : await ForwardAsync(sink, head.ContentLength ?? 0, cancellationToken).ConfigureAwait(false);
    }

    /// <returns>False: the caller ended before.</returns>
    private async ValueTask<bool> ForwardAsync(Sink sink, long count, CancellationToken cancellationToken)
    {
        while (count > 0)
        {
            if (_buffer.Available.Length == 0 && !await _buffer.FillAsync(cancellationToken).ConfigureAwait(false))
                return false;
            var part = (int)Math.Min(count, _buffer.Available.Length);
            await sink.SendAsync(_buffer.Take(part), cancellationToken).ConfigureAwait(false);
            count -= part;
        }
        return true;
    }

    private async ValueTask<bool> ForwardChunksAsync(Sink sink, CancellationToken cancellationToken)
    {
        while (true)
        {
            var line = await ForwardLineAsync(sink, cancellationToken).ConfigureAwait(false);
            if (line is null)
                return false;
            var semicolon = line.IndexOf(';', StringComparison.Ordinal);
            var digits = (semicolon < 0 ? line : line[..semicolon]).Trim();
            if (!long.TryParse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var size) || size < 0)
                throw new IOException("A chunk of a request has no size.");
            if (size > 0)
            {
                if (!await ForwardAsync(sink, size + "\r\n".Length, cancellationToken).ConfigureAwait(false))
                    return false;
                continue;
            }
            // Trailers, to the empty line.
            while (line is not "")
            {
                line = await ForwardLineAsync(sink, cancellationToken).ConfigureAwait(false);
                if (line is null)
                    return false;
            }
            return true;
        }
    }

    /// <summary>Null: the caller ended before.</summary>
    private async ValueTask<string?> ForwardLineAsync(Sink sink, CancellationToken cancellationToken)
    {
        while (true)
        {
            var end = _buffer.Available.Span.IndexOf("\r\n"u8);
            if (end >= 0)
            {
                var text = Encoding.Latin1.GetString(_buffer.Available.Span[..end]);
                await sink.SendAsync(_buffer.Take(end + 2), cancellationToken).ConfigureAwait(false);
                return text;
            }
            if (_buffer.Available.Length >= RequestHead.MaxLength)
                throw new IOException("A line of a request is too long.");
            if (!await _buffer.FillAsync(cancellationToken).ConfigureAwait(false))
                return null;
        }
    }

    /// <summary>What is no HTTP/1: HTTP/2 by its first request, all else where what no filter takes goes.</summary>
    private async ValueTask ForwardOpaqueAsync(CancellationToken cancellationToken)
    {
        var present = rules();
        if (!Http2Opening.IsPreface(_buffer.Available.Span))
        {
            await ForwardRestAsync(
                    await OpenSinkAsync(
                            present.Unfiltered,
                            present.Taps.Where(t => !t.Filter.IsSelective),
                            cancellationToken
                        )
                        .ConfigureAwait(false),
                    cancellationToken
                )
                .ConfigureAwait(false);
            return;
        }
        var opening = await Http2Opening.ReadAsync(caller, _buffer, cancellationToken).ConfigureAwait(false);
        var taker = present.Takers.FirstOrDefault(t => t.Filter.Matches(opening.Path, opening.Headers));
        var taps = present.Taps.Where(t => t.Filter.Matches(opening.Path, opening.Headers));
        var sink = await OpenSinkAsync(taker, taps, cancellationToken).ConfigureAwait(false);
        await sink.SendAsync(opening.Bytes, cancellationToken).ConfigureAwait(false);
        if (!opening.HasAcknowledgement)
            await opening
                .ForwardToAcknowledgementAsync(_buffer, sink.SendAsync, cancellationToken)
                .ConfigureAwait(false);
        await ForwardRestAsync(sink, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<Sink> OpenSinkAsync(
        ServedIntercept? taker,
        IEnumerable<ServedIntercept> taps,
        CancellationToken cancellationToken
    ) =>
        new(
            await _lanes
                .UseAsync(taker, ct => context.OpenAsync(taker, port, peer, ct), cancellationToken)
                .ConfigureAwait(false),
            Taps(taps),
            null
        );

    private async ValueTask ForwardRestAsync(Sink sink, CancellationToken cancellationToken)
    {
        do
        {
            if (_buffer.Available.Length > 0)
                await sink.SendAsync(_buffer.Take(_buffer.Available.Length), cancellationToken).ConfigureAwait(false);
        } while (await _buffer.FillAsync(cancellationToken).ConfigureAwait(false));
    }

    private List<Tap> Taps(IEnumerable<ServedIntercept> intercepts)
    {
        var taps = new List<Tap>();
        foreach (var intercept in intercepts)
        {
            if (!_taps.TryGetValue(intercept.Id, out var tap))
                _taps[intercept.Id] = tap = context.Tap(intercept, peer, ProtocolType.Tcp);
            taps.Add(tap);
        }
        return taps;
    }

    /// <summary>Where a request goes, and its copies.</summary>
    private sealed class Sink(IFarEnd target, List<Tap> taps, IdleTimer? idle)
    {
        public ValueTask SendAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
        {
            idle?.Touch();
            foreach (var tap in taps)
                tap.Add(data);
            return target.SendAsync(data, cancellationToken);
        }
    }
}
