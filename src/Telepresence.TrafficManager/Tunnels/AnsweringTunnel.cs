using Telepresence.Protocol.Tunnel;

namespace Telepresence.TrafficManager.Tunnels;

/// <summary>A tunnel that came in answer to a DialRequest. Its rpc lasts until it is released.</summary>
/// <param name="reader">What its peer sends.</param>
/// <param name="writer">What its peer receives.</param>
/// <param name="aborted">Cancelled when its peer is gone.</param>
internal sealed class AnsweringTunnel(TunnelReader reader, TunnelResponseWriter writer, CancellationToken aborted)
{
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TunnelReader Reader => reader;

    public TunnelResponseWriter Writer => writer;

    public CancellationToken Aborted => aborted;

    /// <summary>Ends when nobody uses reader and writer any more.</summary>
    public Task Released => _released.Task;

    public void Release() => _released.TrySetResult();
}
