namespace Telepresence.TrafficManager.Agents.Forwarding;

/// <summary>One end of a forwarded connection: a socket, or a tunnel to a client. One reader and one writer at a time.</summary>
internal interface IFarEnd : IAsyncDisposable
{
    /// <summary>What <see cref="ReceiveAsync"/> says at the end.</summary>
    const int Ended = -1;

    /// <summary>Waits, without holding memory, until there is something to receive.</summary>
    /// <exception cref="IOException">It is gone.</exception>
    /// <exception cref="System.Net.Sockets.SocketException">It is gone.</exception>
    ValueTask WaitAsync(CancellationToken cancellationToken);

    /// <summary>The next bytes, or the next datagram; <see cref="Ended"/>: it has nothing more to send.</summary>
    /// <exception cref="IOException">It is gone.</exception>
    /// <exception cref="System.Net.Sockets.SocketException">It is gone.</exception>
    ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken);

    /// <summary>Sends all of it; slow for who does not read.</summary>
    ValueTask SendAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken);

    /// <summary>Nothing more will be sent.</summary>
    ValueTask CloseSendAsync(CancellationToken cancellationToken);

    /// <summary>What follows is a hard close, not an orderly one.</summary>
    ValueTask AbortAsync();
}
