using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Telepresence.E2ETests;

namespace Telepresence.UnitTests.Engagements;

/// <summary>OpenSSH's own SFTP server behind a socket, as an agent has it: one process a connection.</summary>
internal sealed class SftpServer : IDisposable
{
    private const string Program = "/usr/lib/openssh/sftp-server";

    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly List<Socket> _open = [];
    private int _connections;

    private SftpServer(IPAddress address)
    {
        _listener.Bind(new IPEndPoint(address, 0));
        _listener.Listen();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    public int Connections => Volatile.Read(ref _connections);

    public static SftpServer Start(string address = "127.0.0.1")
    {
        Skip.IfNot(File.Exists(Program), $"no {Program}");
        return new SftpServer(IPAddress.Parse(address));
    }

    /// <summary>What volumes are mounted with.</summary>
    public static void RequireSshfs()
    {
        Requires.All("sshfs", "fusermount3");
        Skip.IfNot(File.Exists("/dev/fuse"), "no /dev/fuse");
    }

    /// <summary>As when the pod is gone.</summary>
    public void Break()
    {
        lock (_open)
        {
            foreach (var socket in _open)
                socket.Dispose();
            _open.Clear();
        }
    }

    public void Dispose()
    {
        _listener.Dispose();
        Break();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptAsync();
                Interlocked.Increment(ref _connections);
                lock (_open)
                    _open.Add(socket);
                _ = ServeAsync(socket);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Disposed.
        }
    }

    private static async Task ServeAsync(Socket socket)
    {
        using var process = Process.Start(
            new ProcessStartInfo(Program, "-e")
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        try
        {
            await using var stream = new NetworkStream(socket, ownsSocket: true);
            var up = stream.CopyToAsync(process.StandardInput.BaseStream);
            var down = process.StandardOutput.BaseStream.CopyToAsync(stream);
            await Task.WhenAny(up, down);
        }
        catch (IOException)
        {
            // Broken.
        }
        finally
        {
            process.Kill();
        }
    }
}
