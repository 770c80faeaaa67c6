using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Telepresence.UnitTests.Sandbox;

/// <summary>An application on the workstation: answers every request with its name and the path, and keeps connections open.</summary>
internal sealed class LocalWeb : IAsyncDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<Task> _serving = [];
    private readonly Task _accepting;
    private readonly string _name;
    private int _requests;

    public LocalWeb(string name)
    {
        _name = name;
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    public int Requests => Volatile.Read(ref _requests);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _listener.Dispose();
        await Task.WhenAll(_serving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
            _serving.Add(ServeAsync(await _listener.AcceptAsync(_stopping.Token)));
    }

    private async Task ServeAsync(Socket socket)
    {
        using (socket)
        await using (var stream = new NetworkStream(socket))
        using (var reader = new StreamReader(stream, Encoding.Latin1))
        {
            while (await reader.ReadLineAsync(_stopping.Token) is { } request)
            {
                var length = 0;
                while (await reader.ReadLineAsync(_stopping.Token) is { Length: > 0 } header)
                    if (header.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase))
                        length = int.Parse(header.AsSpan(15), System.Globalization.CultureInfo.InvariantCulture);
                var body = new char[length];
                // Even a read of nothing waits for something to be there.
                if (length > 0)
                    await reader.ReadBlockAsync(body, _stopping.Token);
                Interlocked.Increment(ref _requests);
                var answer = $"{_name} {request.Split(' ')[1]} {new string(body)}".TrimEnd();
                await stream.WriteAsync(
                    Encoding.Latin1.GetBytes(
                        $"HTTP/1.1 200 OK\r\nContent-Length: {answer.Length}\r\nContent-Type: text/plain\r\n\r\n{answer}"
                    ),
                    _stopping.Token
                );
            }
        }
    }
}
