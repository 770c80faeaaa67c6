using System.Text;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Engines;
using Telepresence.Kubernetes;
using Telepresence.Sandbox;

namespace Telepresence.Benchmarks;

/// <summary>
/// 256 MiB through a port-forward of the sandbox, TLS included, by each transport: what the order in
/// <see cref="PortForward"/> rests on. Both ends run in this process.
/// </summary>
[SimpleJob(RunStrategy.Monitoring, warmupCount: 1, iterationCount: 8)]
public class PortForwardBenchmarks
{
    private const int Length = 256 << 20;
    private const string Path = "api/v1/namespaces/demo/pods/bulk-0/portforward";
    private readonly byte[] _buffer = new byte[64 << 10];
    private SandboxCluster? _sandbox;
    private KubernetesClient? _client;

    [Params("WebSocketChannels", "WebSocketTunnel", "Spdy")]
    public string Transport { get; set; } = "";

    [GlobalSetup]
    public async Task StartAsync()
    {
        _sandbox = await SandboxCluster.StartAsync(new SandboxOptions());
        _client = new KubernetesClient(
            KubernetesClientConfiguration.BuildConfig(new KubeconfigOptions { Kubeconfig = _sandbox.KubeconfigPath })
        );
    }

    [GlobalCleanup]
    public async Task EndAsync()
    {
        _client!.Dispose();
        await _sandbox!.DisposeAsync();
    }

    [Benchmark]
    public async Task Download()
    {
        await using var stream = await OpenAsync();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"GET {Length}\n"));
        for (var left = Length; left > 0; )
        {
            var count = await stream.ReadAsync(_buffer);
            if (count == 0)
                throw new EndOfStreamException();
            left -= count;
        }
    }

    [Benchmark]
    public async Task Upload()
    {
        await using var stream = await OpenAsync();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"PUT {Length}\n"));
        for (var left = Length; left > 0; left -= _buffer.Length)
            await stream.WriteAsync(_buffer);
        await stream.ReadExactlyAsync(_buffer.AsMemory(0, 64));
    }

    private Task<Stream> OpenAsync() =>
        PortForwardUpgrade.OpenAsync(
            _client!,
            Enum.Parse<PortForwardTransport>(Transport),
            Path,
            port: 9000,
            "bulk",
            CancellationToken.None
        );
}
