using System.Net;
using System.Net.Sockets;
using Telepresence.Sandbox.Network;

namespace Telepresence.Sandbox.Demo;

/// <summary>What the steps know of the embedded cluster.</summary>
internal sealed class DemoCluster : IAsyncDisposable
{
    /// <summary>Namespace of the sample workloads.</summary>
    public const string Namespace = SandboxCluster.DemoNamespace;

    /// <summary>The web service.</summary>
    public const string WebService = "web";

    /// <summary>Its name as a program would write it.</summary>
    public const string WebHost = $"{WebService}.{Namespace}";

    /// <summary>Its page with the token.</summary>
    public const string TokenPage = $"http://{WebHost}/token";

    /// <summary>The echo service, of TCP and of UDP.</summary>
    public const string EchoService = "echo";

    /// <summary>Its name.</summary>
    public const string EchoHost = $"{EchoService}.{Namespace}";

    /// <summary>Its port, of TCP and of UDP.</summary>
    public const int EchoPort = 7;

    /// <summary>A service whose port nothing listens on.</summary>
    public const string ClosedService = "closed";

    /// <summary>Its name.</summary>
    public const string ClosedHost = $"{ClosedService}.{Namespace}";

    /// <summary>Port of the web and of the closed service.</summary>
    public const int HttpPort = 80;

    private readonly SandboxCluster _sandbox;

    private DemoCluster(SandboxCluster sandbox, string authorityFile)
    {
        _sandbox = sandbox;
        AuthorityFile = authorityFile;
    }

    /// <summary>The API server's certificate authority, in PEM.</summary>
    public string AuthorityFile { get; }

    /// <summary>Path of the kubeconfig.</summary>
    public string Kubeconfig => _sandbox.KubeconfigPath;

    /// <summary>URL of the API server.</summary>
    public Uri ApiServer => _sandbox.ApiServer;

    /// <summary>Bearer token of the API server.</summary>
    public string ApiToken => _sandbox.Token;

    /// <summary>In the web service's page; made at random when the sandbox started.</summary>
    public string PageToken => _sandbox.PageToken;

    /// <summary>Cluster address of the web service.</summary>
    public IPAddress WebAddress => _sandbox.ServiceAddress(WebService);

    private ClusterNetwork Network => (ClusterNetwork)_sandbox.Dialer;

    /// <summary>Starts it.</summary>
    /// <exception cref="DemoException">It does not start.</exception>
    public static async Task<DemoCluster> StartAsync(string stateDirectory, CancellationToken cancellationToken)
    {
        try
        {
            var options = new SandboxOptions { StateDirectory = stateDirectory };
            var sandbox = await SandboxCluster.StartAsync(options, cancellationToken).ConfigureAwait(false);
            var authorityFile = Path.Combine(stateDirectory, "ca.crt");
            await File.WriteAllBytesAsync(
                    authorityFile,
                    await ReadAuthorityAsync(sandbox.KubeconfigPath, cancellationToken).ConfigureAwait(false),
                    cancellationToken
                )
                .ConfigureAwait(false);
            return new DemoCluster(sandbox, authorityFile);
        }
        catch (SandboxException e)
        {
            throw new DemoException(
                "SandboxUnavailable",
                e.Message,
                "Free some memory and loopback ports, and try again."
            );
        }
    }

    /// <summary>Takes a service's workload away.</summary>
    public void StopService(string service) => _sandbox.StopService(service);

    /// <summary>Lets something listen on the closed port.</summary>
    public void OpenClosedPort()
    {
        var listener = new IPEndPoint(IPAddress.Loopback, ApiServer.Port);
        Network.Map(_sandbox.ServiceAddress(ClosedService), HttpPort, ProtocolType.Tcp, listener);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _sandbox.DisposeAsync();

    private static async Task<byte[]> ReadAuthorityAsync(string kubeconfig, CancellationToken cancellationToken)
    {
        const string key = "certificate-authority-data:";
        var lines = await File.ReadAllLinesAsync(kubeconfig, cancellationToken).ConfigureAwait(false);
        var line = lines.Select(line => line.Trim()).First(line => line.StartsWith(key, StringComparison.Ordinal));
        return Convert.FromBase64String(line[key.Length..].Trim().Trim('"'));
    }
}
