using System.Net.Sockets;
using Telepresence.Client.Contract;

namespace Telepresence.Client.Launch;

/// <summary>Where an engine of this user listens: one for each role.</summary>
/// <param name="Directory">The user's <see cref="RuntimeDirectory"/>.</param>
/// <param name="Role">Which engine.</param>
public sealed record EngineEndpoint(string Directory, EngineRole Role)
{
    private string BaseName => Role == EngineRole.User ? "user" : "engine";

    /// <summary>The Unix domain socket.</summary>
    public string SocketPath => Path.Combine(Directory, BaseName + ".sock");

    /// <summary>Locked for as long as the engine lives.</summary>
    public string LockPath => Path.Combine(Directory, BaseName + ".lock");

    /// <summary>Locked while somebody starts the engine.</summary>
    public string LaunchLockPath => Path.Combine(Directory, BaseName + ".launch.lock");

    /// <summary>Null where no engine listens.</summary>
    public async Task<Stream?> TryConnectAsync(CancellationToken cancellationToken)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket
                .ConnectAsync(new UnixDomainSocketEndPoint(SocketPath), cancellationToken)
                .ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (SocketException)
        {
            // No file, or one that a killed engine left.
            socket.Dispose();
            return null;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
