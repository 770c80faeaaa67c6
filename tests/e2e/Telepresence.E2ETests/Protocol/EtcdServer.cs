using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Telepresence.E2ETests.Netns;
using Telepresence.E2ETests.Session;
using Telepresence.Protocol.Grpc;

namespace Telepresence.E2ETests.Protocol;

/// <summary>An etcd of its own in a namespace of its own: a gRPC server in Go that speaks plaintext on its client port.</summary>
public sealed class EtcdServer : IAsyncLifetime
{
    public const int Port = 2379;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("tp-etcd-");
    private NetworkNamespace? _net;
    private ChildProcess? _process;

    internal NetworkNamespace Net => _net!;

    Task IAsyncLifetime.InitializeAsync() => Task.CompletedTask;

    async Task IAsyncLifetime.DisposeAsync()
    {
        if (_process is not null)
            await _process.DisposeAsync();
        _net?.Dispose();
        _directory.Delete(recursive: true);
    }

    /// <summary>A file that goes with the server.</summary>
    internal string PathOf(string name) => Path.Combine(_directory.FullName, name);

    /// <summary>A channel of the test's own; the first test starts the server.</summary>
    internal async Task<GrpcChannel> OpenAsync()
    {
        Requires.All("root", "netns", "etcd");
        if (_process is null)
        {
            _net = NetworkNamespace.Create("etcd");
            _process = ChildProcess.Start(
                _net,
                [],
                Requires.Find("etcd")!,
                "--data-dir",
                PathOf("data"),
                "--logger",
                "zap",
                "--log-outputs",
                "stdout"
            );
            await _process.WaitForLineAsync(line => line.Contains("serving client", StringComparison.Ordinal));
        }
        return new GrpcChannel(ConnectAsync);
    }

    /// <summary>Records what goes over loopback.</summary>
    internal Process Capture(string file)
    {
        var capture = Net.Start("tcpdump", "-i", "lo", "-B", "65536", "-U", "-w", file, "tcp", "port", $"{Port}");
        Assert.Contains("listening", capture.StandardError.ReadLine(), StringComparison.Ordinal);
        return capture;
    }

    private async ValueTask<Stream> ConnectAsync(CancellationToken cancellationToken)
    {
        var socket = Net.Run(() => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        socket.NoDelay = true;
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, Port), cancellationToken);
        return new NetworkStream(socket, ownsSocket: true);
    }
}
