using System.Net;
using System.Net.Sockets;
using Telepresence.Client.Errors;
using Telepresence.Client.Measurements;
using Telepresence.Client.Objects;

namespace Telepresence.UnitTests.Client.Measurements;

public class MeasurementTests
{
    private static readonly TimeSpan _short = TimeSpan.FromMilliseconds(350);

    private static CancellationToken Deadline => new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token;

    [Theory]
    [InlineData("web.demo:80", null, "web.demo", 80)]
    [InlineData("web.demo", 8080, "web.demo", 8080)]
    [InlineData("web.demo:81", 8080, "web.demo", 81)]
    [InlineData("10.1.2.3:443", null, "10.1.2.3", 443)]
    [InlineData("[fd00::1]:443", null, "fd00::1", 443)]
    [InlineData("fd00::1", 443, "fd00::1", 443)]
    [InlineData("[fd00::1]", 443, "fd00::1", 443)]
    [InlineData("http://web.demo/x", null, "web.demo", 80)]
    [InlineData("https://[fd00::1]/", 9, "fd00::1", 443)]
    public void A_target_is_read(string text, int? port, string host, int expected)
    {
        Assert.True(MeasurementTarget.TryParse(text, port, out var target));
        Assert.Equal((host, expected), (target.Host, target.Port));
        Assert.Equal(text.Contains('/', StringComparison.Ordinal), target.Url is not null);
    }

    [Theory]
    [InlineData("web.demo", null)]
    [InlineData("web.demo:", null)]
    [InlineData("web.demo:0", null)]
    [InlineData("web.demo:70000", null)]
    [InlineData("web demo:80", null)]
    [InlineData("fd00::1", null)]
    [InlineData("ftp://web.demo/", 80)]
    [InlineData(":80", null)]
    public void What_is_no_target_is_refused(string text, int? port) =>
        Assert.False(MeasurementTarget.TryParse(text, port, out _));

    [Fact]
    public async Task Handshakes_are_timed_and_summed_up()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();

        var result = await MeasureAsync($"127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");

        Assert.NotEmpty(result.HandshakeSamples);
        Assert.InRange(result.Handshake!.Value, result.HandshakeMinimum!.Value, result.HandshakeMaximum!.Value);
        Assert.Equal(0, result.Failures);
        Assert.Null(result.DnsLatency);
        Assert.Null(result.RoundTrip);
        Assert.Null(result.Throughput);
        Assert.Equal(ThroughputSource.None, result.ThroughputSource);
        Assert.InRange(result.Duration, 0.3, 60);
    }

    [Fact]
    public async Task Refusals_are_counted_and_no_figure_is_made_up()
    {
        using var closed = new Socket(SocketType.Stream, ProtocolType.Tcp);
        closed.Bind(new IPEndPoint(IPAddress.Loopback, 0));

        var result = await MeasureAsync($"127.0.0.1:{((IPEndPoint)closed.LocalEndPoint!).Port}");

        Assert.True(result.Failures > 0);
        Assert.NotEmpty(result.LastError);
        Assert.Null(result.Handshake);
        Assert.Equal("", result.Sparkline);
    }

    [Fact]
    public async Task A_url_is_downloaded_until_time_is_up()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var stop = new CancellationTokenSource();
        var serving = ServeAsync(listener, stop.Token);

        var result = await MeasureAsync($"http://localhost:{((IPEndPoint)listener.LocalEndpoint).Port}/");

        await stop.CancelAsync();
        await serving;
        Assert.Equal(ThroughputSource.Download, result.ThroughputSource);
        Assert.Equal(0, result.BytesReceived % 5);
        Assert.True(result.BytesReceived > 0);
        Assert.True(result.Throughput > 0);
        Assert.NotNull(result.DnsLatency);
    }

    [Fact]
    public async Task A_name_that_does_not_exist_is_named()
    {
        var error = await Assert.ThrowsAsync<TelepresenceException>(() => MeasureAsync("nothing.invalid:80"));

        Assert.True(error.Is(ErrorId.NameNotFound));
        Assert.Equal("nothing.invalid", error.TargetObject);
    }

    [Fact]
    public async Task It_can_be_given_up()
    {
        using var given = new CancellationTokenSource();
        await given.CancelAsync();
        MeasurementTarget.TryParse("127.0.0.1:1", null, out var target);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            new Measurement(null, TimeProvider.System).RunAsync(target!, TimeSpan.FromDays(1), null, given.Token)
        );
    }

    [Theory]
    [InlineData(new double[0], "")]
    [InlineData(new[] { 1.0, 2, 3, 4, 5, 6, 7, 8 }, "▁▂▃▄▅▆▇█")]
    [InlineData(new[] { 0.0, 0 }, "▁▁")]
    [InlineData(new[] { 5.0 }, "█")]
    public void Bars_grow_from_nothing_to_the_highest(double[] values, string bars) =>
        Assert.Equal(bars, Sparkline.Draw(values, 20));

    [Fact]
    public void Many_values_share_bars_and_peaks_stay()
    {
        var values = new double[100];
        values[42] = 8;

        var line = Sparkline.Draw(values, 10);

        Assert.Equal(10, line.Length);
        Assert.Equal("▁▁▁▁█▁▁▁▁▁", line);
    }

    private static Task<TelepresenceMeasurement> MeasureAsync(string text)
    {
        Assert.True(MeasurementTarget.TryParse(text, null, out var target));
        return new Measurement(null, TimeProvider.System).RunAsync(target, _short, null, Deadline);
    }

    private static async Task ServeAsync(TcpListener listener, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                using var client = await listener.AcceptTcpClientAsync(cancellationToken);
                var stream = client.GetStream();
                if (await stream.ReadAsync(new byte[4096], cancellationToken) > 0)
                {
                    await stream.WriteAsync(
                        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"u8.ToArray(),
                        cancellationToken
                    );
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
            return;
        }
    }
}
