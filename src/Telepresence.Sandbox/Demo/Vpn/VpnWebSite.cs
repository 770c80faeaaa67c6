using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Telepresence.Sandbox.Demo.Vpn;

/// <summary>Answers HTTP on every address of the company network with one line that says which address it was.</summary>
internal sealed class VpnWebSite : IAsyncDisposable
{
    /// <summary>How its page begins.</summary>
    public const string Greeting = "company intranet at";

    private readonly TcpListener _listener = new(IPAddress.Any, 80);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _serving;

    private VpnWebSite()
    {
        _listener.Start();
        _serving = ServeAsync(_stop.Token);
    }

    /// <summary>Listens in the network namespace of the calling thread.</summary>
    public static VpnWebSite Start() => new();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _serving.ConfigureAwait(false);
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task ServeAsync(CancellationToken cancellationToken)
    {
        // One visitor at a time is enough: curl.
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                using var visitor = await _listener.AcceptSocketAsync(cancellationToken).ConfigureAwait(false);
                using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                patience.CancelAfter(TimeSpan.FromSeconds(5));
                await AnswerAsync(visitor, patience.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
                continue;
            }
        }
    }

    private static async Task AnswerAsync(Socket visitor, CancellationToken cancellationToken)
    {
        var request = new byte[4096];
        await visitor.ReceiveAsync(request, cancellationToken).ConfigureAwait(false);
        var body = $"{Greeting} {((IPEndPoint)visitor.LocalEndPoint!).Address}\n";
        var answer = $"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}";
        await visitor.SendAsync(Encoding.ASCII.GetBytes(answer), cancellationToken).ConfigureAwait(false);
        visitor.Shutdown(SocketShutdown.Both);
    }
}
