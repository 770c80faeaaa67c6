using System.ComponentModel;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Telepresence.TrafficManager.Agents;

/// <summary>
/// Offers volumes by SFTP (PROTOCOL §6.5): each connection is an OpenSSH sftp-server's standard streams. As upstream's it asks
/// nobody who he is: whoever reaches the pod may read what the agent may.
/// </summary>
internal sealed partial class SftpExport : IAsyncDisposable
{
    private const int MaxConnections = 64;
    private const int Backlog = 16;

    // Where distributions and the image have it.
    private static readonly string[] Places =
    [
        "/usr/lib/openssh/sftp-server",
        "/usr/libexec/openssh/sftp-server",
        "/usr/lib/ssh/sftp-server",
        "/usr/libexec/sftp-server",
    ];

    private readonly string _program;
    private readonly string _directory;
    private readonly ILogger _logger;
    private readonly Socket _listener;
    private readonly CancellationTokenSource _stopping = new();
    private readonly OwnedTasks _connections = new();
    private readonly SemaphoreSlim _free = new(MaxConnections);
    private readonly Task _accepting;

    private SftpExport(string program, string directory, IPAddress address, ILogger logger)
    {
        _program = program;
        _directory = directory;
        _logger = logger;
        _listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (address.Equals(IPAddress.IPv6Any))
                _listener.DualMode = true;
            _listener.Bind(new IPEndPoint(address, 0));
            _listener.Listen(Backlog);
        }
        catch
        {
            _listener.Dispose();
            throw;
        }
        EndPoint = (IPEndPoint)_listener.LocalEndPoint!;
        _accepting = AcceptAsync();
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>Null: there is no sftp-server here.</summary>
    /// <param name="directory">Where relative paths begin.</param>
    /// <param name="address">To listen at, on a free port.</param>
    /// <param name="logger">Where to tell.</param>
    public static SftpExport? Start(string directory, IPAddress address, ILogger logger)
    {
        if (Array.Find(Places, File.Exists) is { } program)
            return new SftpExport(program, directory, address, logger);
        LogNoServer(logger);
        return null;
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _listener.Dispose();
        await _connections.WhenAllAsync().ConfigureAwait(false);
        _free.Dispose();
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            await _free.WaitAsync(_stopping.Token).ConfigureAwait(false);
            try
            {
                _connections.Add(ServeAsync(await _listener.AcceptAsync(_stopping.Token).ConfigureAwait(false)));
            }
            catch (SocketException)
            {
                // A client that was gone before it was accepted.
                _free.Release();
            }
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        try
        {
            using var connection = new NetworkStream(socket, ownsSocket: true);
            using var server = Process.Start(
                new ProcessStartInfo(_program, ["-e", "-d", _directory])
                {
                    WorkingDirectory = _directory,
                    RedirectStandardInput = true,
                    RedirectStandardOutput = true,
                    RedirectStandardError = true,
                }
            )!;
            try
            {
                await CarryAsync(connection, server).ConfigureAwait(false);
            }
            finally
            {
                if (!server.HasExited)
                    server.Kill();
            }
        }
        catch (Exception e) when (e is IOException or SocketException or Win32Exception or OperationCanceledException)
        {
            LogEnded(_logger, e.Message);
        }
        finally
        {
            _free.Release();
        }
    }

    private async Task CarryAsync(NetworkStream connection, Process server)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        var toServer = CopyAsync(connection, server.StandardInput.BaseStream, ending.Token);
        var toClient = CopyAsync(server.StandardOutput.BaseStream, connection, ending.Token);
        var told = TellAsync(server.StandardError, ending.Token);
        // The server ends with its input; a client that is gone ends it.
        await Task.WhenAny(toServer, toClient).ConfigureAwait(false);
        server.StandardInput.Close();
        if (!toServer.IsCompletedSuccessfully)
            await ending.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(toServer, toClient, told).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static async Task CopyAsync(Stream from, Stream to, CancellationToken cancellationToken)
    {
        var buffer = new byte[128 * 1024];
        while (await from.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is > 0 and var read)
        {
            await to.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
            await to.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task TellAsync(StreamReader lines, CancellationToken cancellationToken)
    {
        while (await lines.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } line)
            LogTold(_logger, line);
    }

    [LoggerMessage(LogLevel.Warning, "There is no sftp-server: volumes are not offered")]
    private static partial void LogNoServer(ILogger logger);

    [LoggerMessage(LogLevel.Debug, "An SFTP connection ended: {Reason}")]
    private static partial void LogEnded(ILogger logger, string reason);

    [LoggerMessage(LogLevel.Debug, "sftp-server: {Line}")]
    private static partial void LogTold(ILogger logger, string line);
}
