using System.Net;

namespace Telepresence.Sandbox.Demo;

/// <summary>What the steps know of the embedded cluster.</summary>
internal abstract class DemoCluster : IAsyncDisposable
{
    /// <summary>Namespace of the sample workloads.</summary>
    public const string Namespace = "demo";

    /// <summary>The web service.</summary>
    public const string WebService = "web";

    /// <summary>Its name as a program would write it.</summary>
    public const string WebHost = $"{WebService}.{Namespace}";

    /// <summary>Its page with the token.</summary>
    public const string TokenPage = $"http://{WebHost}/token";

    /// <summary>The UDP echo service.</summary>
    public const string UdpEchoService = "udp-echo";

    /// <summary>Its name.</summary>
    public const string UdpEchoHost = $"{UdpEchoService}.{Namespace}";

    /// <summary>Its port.</summary>
    public const int UdpEchoPort = 7;

    /// <summary>The TCP echo service's name.</summary>
    public const string TcpEchoHost = $"tcp-echo.{Namespace}";

    /// <summary>Its port.</summary>
    public const int TcpEchoPort = 7;

    /// <summary>A service with a port that nothing listens on.</summary>
    public const string ClosedHost = WebHost;

    /// <summary>That port.</summary>
    public const int ClosedPort = 81;

    /// <summary>Path of the kubeconfig.</summary>
    public abstract string Kubeconfig { get; }

    /// <summary>Made at random when the sandbox started.</summary>
    public abstract string Token { get; }

    /// <summary>Cluster address of <see cref="WebService"/>.</summary>
    public abstract IPAddress WebAddress { get; }

    /// <summary>Asks the API server for a service's cluster address with a program other than kubectl.</summary>
    public abstract Task<Observation> AskForServiceAsync(string service, CancellationToken cancellationToken);

    /// <summary>Ends a service's listeners.</summary>
    public abstract Task StopServiceAsync(string service, CancellationToken cancellationToken);

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();
}
