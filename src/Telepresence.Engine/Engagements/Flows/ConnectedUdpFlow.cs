using System.Net.Sockets;
using Telepresence.Engine.NetStack;

namespace Telepresence.Engine.Engagements.Flows;

/// <summary>A connected UDP socket as a flow. Disposing it closes the socket.</summary>
internal sealed class ConnectedUdpFlow(Socket socket, FlowEndpoints endpoints) : IUdpFlow, IDisposable
{
    private readonly byte[] _received = new byte[ushort.MaxValue];

    public FlowEndpoints Endpoints => endpoints;

    public FlowStatistics Statistics => default;

    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            var length = await socket.ReceiveAsync(_received, cancellationToken).ConfigureAwait(false);
            return _received.AsMemory(0, length);
        }
        catch (SocketException)
        {
            // Nobody listens there (ICMP): the conversation is over, as it is on the far side's machine.
            return null;
        }
        catch (ObjectDisposedException)
        {
            return null;
        }
    }

    public bool Send(ReadOnlySpan<byte> payload)
    {
        try
        {
            return socket.Send(payload) == payload.Length;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }

    public void Unreachable() => Close();

    public void Close() => socket.Dispose();

    public void Dispose() => Close();
}
