using System.Collections.Concurrent;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Telepresence.Client.Ipc;
using Telepresence.Engine.Host;

namespace Telepresence.Engine.Ipc;

/// <summary>Answers the cmdlets: JSON-RPC over the user's Unix domain socket, for processes of the same user only.</summary>
internal sealed partial class IpcServer : IAsyncDisposable
{
    /// <summary>More than any user's shells; a peer past it waits in the backlog.</summary>
    private const int MaximumConnections = 256;

    private readonly JsonRpcMethods _methods = new();
    private readonly ConcurrentDictionary<JsonRpcConnection, Task> _connections = new();
    private readonly SemaphoreSlim _slots = new(MaximumConnections);
    private readonly CancellationTokenSource _stopping = new();
    private readonly EngineLifetime _lifetime;
    private readonly IPeerIdentity _peers;
    private readonly ILogger _logger;
    private Socket? _listener;
    private Task _accepting = Task.CompletedTask;
    private long _refusedPeers;

    public IpcServer(EngineLifetime lifetime, IPeerIdentity peers, ILogger<IpcServer> logger)
    {
        _lifetime = lifetime;
        _peers = peers;
        _logger = logger;
    }

    /// <summary>Connections of other users that were refused.</summary>
    public long RefusedPeers => Interlocked.Read(ref _refusedPeers);

    /// <summary>Answers <paramref name="method"/>; the engine does not end while it runs.</summary>
    public void Register<TParams, TResult>(
        string method,
        Func<TParams, JsonRpcRequest, CancellationToken, Task<TResult>> handler
    ) =>
        _methods.Register<TParams, TResult>(
            method,
            async (parameters, request, cancellationToken) =>
            {
                using var hold = _lifetime.Hold();
                return await handler(parameters, request, cancellationToken).ConfigureAwait(false);
            }
        );

    /// <summary>Answers <paramref name="method"/> with nothing; the engine does not end while it runs.</summary>
    public void Register<TParams>(string method, Func<TParams, JsonRpcRequest, CancellationToken, Task> handler) =>
        _methods.Register<TParams>(
            method,
            async (parameters, request, cancellationToken) =>
            {
                using var hold = _lifetime.Hold();
                await handler(parameters, request, cancellationToken).ConfigureAwait(false);
            }
        );

    /// <summary>Sends a notification to every client. Never blocks; a client that does not read loses the oldest.</summary>
    public void Broadcast<TParams>(string method, TParams parameters)
    {
        foreach (var connection in _connections.Keys)
        {
            connection.Notify(method, parameters);
        }
    }

    /// <summary>Binds the socket and answers from now on. The caller holds the engine's lock, so what is there is stale.</summary>
    public void Listen(string socketPath)
    {
        File.Delete(socketPath);
        Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            listener.Bind(new UnixDomainSocketEndPoint(socketPath));
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(socketPath, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }
            listener.Listen();
        }
        catch
        {
            listener.Dispose();
            throw;
        }
        _listener = listener;
        _accepting = AcceptAsync(listener);
    }

    /// <summary>Ends all connections; requests that run are cancelled and awaited.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        _listener?.Dispose();
        await _accepting.ConfigureAwait(false);
        foreach (var (connection, serving) in _connections)
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            await serving.ConfigureAwait(false);
        }
        _stopping.Dispose();
        _slots.Dispose();
    }

    private async Task AcceptAsync(Socket listener)
    {
        try
        {
            while (true)
            {
                await _slots.WaitAsync(_stopping.Token).ConfigureAwait(false);
                var socket = await listener.AcceptAsync(_stopping.Token).ConfigureAwait(false);
                if (!_peers.IsOwner(socket, out var peer))
                {
                    Interlocked.Increment(ref _refusedPeers);
                    LogRefused(peer);
                    socket.Dispose();
                    _slots.Release();
                    continue;
                }
                JsonRpcConnection connection = new(new NetworkStream(socket, ownsSocket: true), _methods);
                var serving = ServeAsync(connection);
                _connections[connection] = serving;
                if (serving.IsCompleted)
                {
                    _connections.TryRemove(connection, out _);
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            if (!_stopping.IsCancellationRequested)
            {
                // Without its socket the engine is deaf: better gone than that.
                LogDeaf(e);
                _lifetime.Stop();
            }
        }
    }

    private async Task ServeAsync(JsonRpcConnection connection)
    {
        connection.Start();
        using (_lifetime.HoldConnection())
        {
            try
            {
                await connection.Completion.ConfigureAwait(false);
            }
            catch (JsonRpcProtocolException e)
            {
                LogProtocol(e.Message);
            }
        }
        _connections.TryRemove(connection, out _);
        await connection.DisposeAsync().ConfigureAwait(false);
        _slots.Release();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Refused a connection of {Peer}: not the engine's user")]
    private partial void LogRefused(string peer);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Closed a connection: {Why}")]
    private partial void LogProtocol(string why);

    [LoggerMessage(Level = LogLevel.Error, Message = "The socket failed; the engine ends")]
    private partial void LogDeaf(Exception exception);
}
