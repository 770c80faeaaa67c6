using System.Net;
using System.Net.Sockets;
using Telepresence.E2ETests.Netns;

namespace Telepresence.E2ETests.Errors;

/// <summary>
/// A listener on a namespace's loopback whose connections end at one of this process, so that an engine in there reaches
/// a sandbox out here.
/// </summary>
internal sealed class LoopbackRelay : IAsyncDisposable
{
    private readonly Socket _listener;
    private readonly IPEndPoint _target;
    private readonly CancellationTokenSource _ended = new();
    private readonly Task _accepting;

    public LoopbackRelay(NetworkNamespace net, IPEndPoint target)
    {
        _target = target;
        _listener = Listen(net);
        EndPoint = (IPEndPoint)_listener.LocalEndPoint!;
        _accepting = AcceptAsync();
    }

    /// <summary>Inside of the namespace.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>A socket that listens on the namespace's loopback.</summary>
    public static Socket Listen(NetworkNamespace net, int backlog = 64) =>
        net.Run(() =>
        {
            var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            listener.Listen(backlog);
            return listener;
        });

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _ended.Dispose();
    }

    private async Task AcceptAsync()
    {
        var relayed = new List<Task>();
        try
        {
            while (true)
            {
                var near = await _listener.AcceptAsync(_ended.Token);
                relayed.Add(RelayAsync(near));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(relayed);
        }
    }

    private async Task RelayAsync(Socket near)
    {
        try
        {
            using var far = new Socket(_target.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            await far.ConnectAsync(_target, _ended.Token);
            await using var nearStream = new NetworkStream(near, ownsSocket: true);
            await using var farStream = new NetworkStream(far);
            await Task.WhenAny(
                nearStream.CopyToAsync(farStream, _ended.Token),
                farStream.CopyToAsync(nearStream, _ended.Token)
            );
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or IOException)
        {
            near.Dispose();
        }
    }
}
