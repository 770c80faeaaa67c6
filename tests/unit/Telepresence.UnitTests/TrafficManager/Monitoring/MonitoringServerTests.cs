using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Telepresence.Protocol.Manager;
using Telepresence.Protocol.Tunnel;
using Telepresence.TrafficManager.Monitoring;

namespace Telepresence.UnitTests.TrafficManager.Monitoring;

public sealed class MonitoringServerTests
{
    [Fact]
    public async Task Alive_at_once_ready_when_it_is_said_and_then_with_metrics()
    {
        await using var server = await MonitoringServer.StartAsync(
            new IPEndPoint(IPAddress.Loopback, 0),
            NullLoggerFactory.Instance,
            default
        );
        using var client = new HttpClient { BaseAddress = new Uri($"http://{server.EndPoint}") };
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("healthz"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusAsync("readyz"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusAsync("metrics"));

        await using var manager = await ManagerFixture.StartAsync();
        using var exposition = new PrometheusExposition(manager.Server.Metrics.Meter);
        server.SetReady(exposition);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("readyz"));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync("other"));
        Assert.Contains(
            "telepresence_client_count 0\n",
            await client.GetStringAsync("metrics"),
            StringComparison.Ordinal
        );

        server.SetReady(null);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusAsync("readyz"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("healthz"));

        async Task<HttpStatusCode> StatusAsync(string path)
        {
            using var response = await client.GetAsync(path);
            return response.StatusCode;
        }
    }

    [Fact]
    public async Task Sessions_tunnels_bytes_dials_and_look_ups_are_counted()
    {
        await using var manager = await ManagerFixture.StartAsync();
        using var exposition = new PrometheusExposition(manager.Server.Metrics.Meter);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var open = (IPEndPoint)listener.LocalEndpoint;
        var session = await manager.ArriveAsync();
        await manager.Client.LookupDNS(
            new DNSRequest
            {
                Session = session,
                Name = "web.",
                Type = 1,
            }
        );
        using var tunnel = await manager.OpenTunnelAsync(session.SessionId, open);
        using var far = await listener.AcceptSocketAsync();
        await far.SendAsync("12345"u8.ToArray());
        await tunnel.ExpectAsync(TunnelMessageCode.StreamOk);
        await tunnel.ExpectAsync(TunnelMessageCode.DialOk);
        await tunnel.ExpectDataAsync(5);
        var text = exposition.Write();
        Assert.Contains(
            "# TYPE telepresence_session_count gauge\ntelepresence_session_count 1\n",
            text,
            StringComparison.Ordinal
        );
        Assert.Contains("telepresence_tunnel_count 1\n", text, StringComparison.Ordinal);
        Assert.Contains("telepresence_dns_query_count 1\n", text, StringComparison.Ordinal);
        Assert.Contains(
            "# TYPE telepresence_tunnel_egress_bytes counter\ntelepresence_tunnel_egress_bytes 5\n",
            text,
            StringComparison.Ordinal
        );
        Assert.Contains("telepresence_dial_failure_count 0\n", text, StringComparison.Ordinal);

        listener.Stop();
        using var refused = await manager.OpenTunnelAsync(session.SessionId, open);
        await refused.ExpectAsync(TunnelMessageCode.StreamOk);
        await refused.ExpectAsync(TunnelMessageCode.DialReject);
        Assert.Contains("telepresence_dial_failure_count 1\n", exposition.Write(), StringComparison.Ordinal);
    }
}
