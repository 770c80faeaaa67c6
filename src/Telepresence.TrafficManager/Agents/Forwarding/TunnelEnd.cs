using Telepresence.Protocol.Tunnel;
using Telepresence.TrafficManager.Tunnels;

namespace Telepresence.TrafficManager.Agents.Forwarding;

/// <summary>The tunnel to a client, who dials its end.</summary>
/// <param name="reader">What the client sends.</param>
/// <param name="output">What the client receives.</param>
/// <param name="isStream">False: each Data message is a datagram.</param>
/// <param name="end">Gives up the tunnel's rpc.</param>
internal sealed class TunnelEnd(TunnelReader reader, TunnelOutput output, bool isStream, Func<ValueTask> end) : IFarEnd
{
    // What a frame of HTTP/2 usually holds, so that a slow client is felt early.
    private const int ChunkLength = TunnelMessageCodec.MaxDataLength;

    private bool _hasData;
    private bool _ended;

    public async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        if (_hasData || _ended || (isStream && reader.Remaining > 0 && reader.Code == TunnelMessageCode.Data))
            return;
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            switch (reader.Code)
            {
                case TunnelMessageCode.Data:
                    _hasData = true;
                    return;
                case TunnelMessageCode.CloseSend:
                    _ended = true;
                    return;
                case TunnelMessageCode.DialReject:
                    throw new IOException("The client could not reach its end of the connection.");
                case TunnelMessageCode.Disconnect:
                    throw new IOException("The client closed the connection.");
            }
        }
        _ended = true;
    }

    public async ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        await WaitAsync(cancellationToken).ConfigureAwait(false);
        if (_ended)
            return IFarEnd.Ended;
        _hasData = false;
        return isStream
            ? await reader.ReadBodyAsync(buffer, cancellationToken).ConfigureAwait(false)
            : await reader.ReadWholeBodyAsync(buffer, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask SendAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        do
        {
            var chunk = isStream ? data[..Math.Min(data.Length, ChunkLength)] : data;
            await output.WriteAsync(TunnelMessageCode.Data, chunk, cancellationToken).ConfigureAwait(false);
            data = data[chunk.Length..];
        } while (data.Length > 0);
    }

    public ValueTask CloseSendAsync(CancellationToken cancellationToken) => output.CloseSendAsync(cancellationToken);

    public async ValueTask AbortAsync()
    {
        try
        {
            await output.WriteAsync(TunnelMessageCode.Disconnect, default, default).ConfigureAwait(false);
        }
        catch (Exception e) when (ConnectionEnd.IsExpected(e))
        {
            // It is gone already.
        }
    }

    public ValueTask DisposeAsync() => end();
}
