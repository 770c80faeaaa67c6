using System.Net;
using System.Net.Sockets;
using Telepresence.Engine.Session;
using Telepresence.Engine.Session.Configuration;
using Telepresence.Protocol;

namespace Telepresence.TestEngine;

/// <summary>A traffic-manager reached by a plain TCP connection to its gRPC port: no API server, no port-forward.</summary>
internal sealed class DirectClusterAccess(IPEndPoint manager) : IClusterAccess
{
    public string Context => "";
    public string Server => $"tcp://{manager}";
    public string DefaultNamespace => "default";
    public string ManagerNamespace => "ambassador";
    public ClientConfiguration Configuration => ClientConfiguration.Empty;

    public Task<IReadOnlyList<IPAddress>> GetServerAddressesAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<IPAddress>>(IPAddress.IsLoopback(manager.Address) ? [] : [manager.Address]);

    public Task<IReadOnlyList<string>?> GetNamespacesAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<string>?>(null);

    public async Task<Stream> OpenManagerStreamAsync(
        IProgress<ConnectStep>? progress,
        CancellationToken cancellationToken
    )
    {
        var socket = new Socket(manager.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        UnsentLimit.Apply(socket);
        try
        {
            await socket.ConnectAsync(manager, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public void Dispose() { }
}
