using System.Net;
using System.Net.Sockets;
using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Objects;

namespace Telepresence.Client.Measurements;

/// <summary>Measures a target from this process, as any program on this machine would meet it.</summary>
/// <param name="engine">Asked for the session's share; null: none runs.</param>
/// <param name="time">Clock.</param>
public sealed class Measurement(EngineClient? engine, TimeProvider time)
{
    /// <summary>Calls to the traffic-manager of which the median is taken.</summary>
    private const int Pings = 5;

    /// <summary>Between two handshakes: a look, not a load.</summary>
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(100);

    /// <summary>A handshake that is not done by then when time is up counts as failed.</summary>
    private static readonly TimeSpan _long = TimeSpan.FromSeconds(1);

    /// <summary>Measures for <paramref name="duration"/>. With a URL the second half of it is downloads.</summary>
    /// <param name="target">What to measure.</param>
    /// <param name="duration">How long.</param>
    /// <param name="progress">Told what is being done, in words.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="TelepresenceException">NameNotFound.</exception>
    public async Task<TelepresenceMeasurement> RunAsync(
        MeasurementTarget target,
        TimeSpan duration,
        Action<string>? progress,
        CancellationToken cancellationToken
    )
    {
        var result = new TelepresenceMeasurement
        {
            Target = target.Text,
            RemotePort = target.Port,
            Time = time.GetUtcNow().UtcDateTime,
        };
        var begin = time.GetTimestamp();
        progress?.Invoke($"resolving {target.Host}");
        var address = await ResolveAsync(target, result, cancellationToken).ConfigureAwait(false);
        result.RemoteAddress = address.ToString();
        progress?.Invoke("asking the traffic-manager");
        await AskEngineAsync(result, cancellationToken).ConfigureAwait(false);
        var before = await ReceivedAsync(result, cancellationToken).ConfigureAwait(false);
        var observing = time.GetTimestamp();
        progress?.Invoke($"shaking hands with {address}:{target.Port}");
        await ShakeHandsAsync(
                new IPEndPoint(address, target.Port),
                target.Url is null ? duration : duration / 2,
                result,
                cancellationToken
            )
            .ConfigureAwait(false);
        if (target.Url is { } url)
        {
            progress?.Invoke($"downloading {url}");
            await DownloadAsync(url, duration / 2, result, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            var after = await ReceivedAsync(result, cancellationToken).ConfigureAwait(false);
            Observe(before, after, time.GetElapsedTime(observing), result);
        }
        result.Duration = time.GetElapsedTime(begin).TotalSeconds;
        return result;
    }

    private async Task<IPAddress> ResolveAsync(
        MeasurementTarget target,
        TelepresenceMeasurement result,
        CancellationToken cancellationToken
    )
    {
        if (IPAddress.TryParse(target.Host, out var literal))
        {
            return literal;
        }
        var begin = time.GetTimestamp();
        try
        {
            var addresses = await Dns.GetHostAddressesAsync(target.Host, cancellationToken).ConfigureAwait(false);
            result.DnsLatency = time.GetElapsedTime(begin).TotalMilliseconds;
            return addresses[0];
        }
        catch (SocketException e)
        {
            throw ErrorCatalogue.Error(
                ErrorId.NameNotFound,
                target.Host,
                e,
                ("name", target.Host),
                ("type", "A or AAAA"),
                ("code", e.SocketErrorCode)
            );
        }
    }

    private async Task AskEngineAsync(TelepresenceMeasurement result, CancellationToken cancellationToken)
    {
        if (engine is null)
        {
            return;
        }
        var parameters = new FindRouteParameters([result.RemoteAddress], TransportProtocol.Tcp, result.RemotePort);
        var way = await engine.FindRouteAsync(parameters, cancellationToken).ConfigureAwait(false);
        if (way is [{ IsTelepresence: true } ours])
        {
            result.Session = ours.Session;
            result.RoundTrip = Median(
                await engine.PingAsync(new PingParameters(ours.Session, Pings), cancellationToken).ConfigureAwait(false)
            );
        }
    }

    private async Task ShakeHandsAsync(
        IPEndPoint target,
        TimeSpan duration,
        TelepresenceMeasurement result,
        CancellationToken cancellationToken
    )
    {
        using var over = new CancellationTokenSource(duration, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, cancellationToken);
        var samples = new List<double>();
        while (!over.IsCancellationRequested)
        {
            using var socket = new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            var begin = time.GetTimestamp();
            try
            {
                await socket.ConnectAsync(target, either.Token).ConfigureAwait(false);
                samples.Add(time.GetElapsedTime(begin).TotalMilliseconds);
                await Task.Delay(_pause, time, either.Token).ConfigureAwait(false);
            }
            catch (SocketException e)
            {
                result.Failures++;
                result.LastError = e.Message;
                await Task.Delay(_pause, time, cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // One that the end cut short says nothing, unless it is all there is or waited for long.
                var isTelling = samples.Count == 0 && result.Failures == 0;
                if (!socket.Connected && (isTelling || time.GetElapsedTime(begin) > _long))
                {
                    result.Failures++;
                    result.LastError = "not answered in time";
                }
            }
        }
        result.HandshakeSamples = [.. samples];
        result.Handshake = Median(result.HandshakeSamples);
        result.HandshakeMinimum = samples.Count > 0 ? samples.Min() : null;
        result.HandshakeMaximum = samples.Count > 0 ? samples.Max() : null;
    }

    private async Task DownloadAsync(
        Uri url,
        TimeSpan duration,
        TelepresenceMeasurement result,
        CancellationToken cancellationToken
    )
    {
        using var over = new CancellationTokenSource(duration, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, cancellationToken);
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false, UseCookies = false });
        var buffer = new byte[1 << 16];
        var bytes = 0L;
        var begin = time.GetTimestamp();
        try
        {
            while (true)
            {
                using var response = await client
                    .GetAsync(url, HttpCompletionOption.ResponseHeadersRead, either.Token)
                    .ConfigureAwait(false);
                response.EnsureSuccessStatusCode();
                var body = await response.Content.ReadAsStreamAsync(either.Token).ConfigureAwait(false);
                await using (body.ConfigureAwait(false))
                {
                    int read;
                    while ((read = await body.ReadAsync(buffer, either.Token).ConfigureAwait(false)) > 0)
                    {
                        bytes += read;
                    }
                }
            }
        }
        catch (Exception e)
            when (e is HttpRequestException or IOException
                || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested)
            )
        {
            // When time is up, in the middle of a download or between two, what has come until now counts.
            result.LastError = e is OperationCanceledException ? result.LastError : e.Message;
        }
        SetThroughput(bytes, time.GetElapsedTime(begin), ThroughputSource.Download, result);
    }

    /// <summary>What each connection to the target has received so far.</summary>
    private async Task<Dictionary<ConnectionKey, long>> ReceivedAsync(
        TelepresenceMeasurement result,
        CancellationToken cancellationToken
    ) =>
        engine is null || result.Session.Length == 0
            ? []
            : (await engine.ConnectionsAsync(result.Session, cancellationToken).ConfigureAwait(false))
                .Where(c =>
                    c.RemoteAddress == result.RemoteAddress
                    && c.RemotePort == result.RemotePort
                    && c.Protocol == TransportProtocol.Tcp
                )
                .ToDictionary(c => c.Key, c => c.BytesReceived);

    private static void Observe(
        Dictionary<ConnectionKey, long> before,
        Dictionary<ConnectionKey, long> after,
        TimeSpan elapsed,
        TelepresenceMeasurement result
    )
    {
        var bytes = after.Sum(c => Math.Max(0, c.Value - before.GetValueOrDefault(c.Key)));
        SetThroughput(bytes, elapsed, ThroughputSource.Observed, result);
    }

    private static void SetThroughput(
        long bytes,
        TimeSpan elapsed,
        ThroughputSource source,
        TelepresenceMeasurement result
    )
    {
        result.BytesReceived = bytes;
        result.ThroughputSource = bytes > 0 ? source : ThroughputSource.None;
        result.Throughput = bytes > 0 ? bytes * 8 / elapsed.TotalSeconds : null;
    }

    private static double? Median(IReadOnlyList<double> values)
    {
        if (values.Count == 0)
        {
            return null;
        }
        var sorted = values.Order().ToList();
        var middle = sorted.Count / 2;
        return sorted.Count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
