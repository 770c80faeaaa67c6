using Telepresence.Protocol.Tunnel;

namespace Telepresence.TrafficManager.Tunnels;

/// <summary>A tunnel that a peer was asked to open and that has not come yet. Disposing it ends the wait.</summary>
internal sealed class AwaitedTunnel : IDisposable
{
    private readonly TunnelRendezvous _rendezvous;
    private readonly TaskCompletionSource<AnsweringTunnel> _answer = new(
        TaskCreationOptions.RunContinuationsAsynchronously
    );

    internal AwaitedTunnel(TunnelRendezvous rendezvous, string session, ConnId connId)
    {
        _rendezvous = rendezvous;
        Key = (session, connId);
    }

    internal (string Session, ConnId ConnId) Key { get; }

    /// <summary>The tunnel. Who gets it must <see cref="AnsweringTunnel.Release"/> it.</summary>
    /// <exception cref="OperationCanceledException">It did not come before the token was cancelled.</exception>
    public async Task<AnsweringTunnel> WaitAsync(CancellationToken cancellationToken)
    {
        // The source itself is cancelled, so that an answer is either taken here or refused there.
        await using var registration = cancellationToken
            .Register(() => _answer.TrySetCanceled(cancellationToken))
            .ConfigureAwait(false);
        return await _answer.Task.ConfigureAwait(false);
    }

    /// <summary>False: nobody waits any more.</summary>
    internal bool TryAnswer(AnsweringTunnel tunnel) => _answer.TrySetResult(tunnel);

    public void Dispose()
    {
        _rendezvous.Remove(this);
        // An answer that nobody waited for must be able to go.
        if (!_answer.TrySetCanceled() && _answer.Task.IsCompletedSuccessfully)
            _answer.Task.Result.Release();
    }
}
