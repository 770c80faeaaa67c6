using System.Buffers;
using System.Net.Sockets;

namespace Telepresence.TrafficManager.Tunnels;

/// <summary>
/// Sends datagrams through a connected UDP socket. Those of equal length that follow each other go out in one call, which
/// Linux cuts apart again (UDP_SEGMENT, udp(7)); the last of them may be shorter. Holds memory only while there is something
/// to send.
/// </summary>
internal sealed class DatagramSender(Socket socket) : IDisposable
{
    private const int SolUdp = 17;
    private const int UdpSegment = 103;

    /// <summary>The longest payload of a datagram over IPv4, and so of one call.</summary>
    private const int MaximumLength = 65_507;

    // UDP_MAX_SEGMENTS of kernels before 6.10.
    private const int MaximumDatagrams = 64;

    // What is longer than the path's MTU cannot be cut, and no path that matters here is wider.
    private const int MaximumSegment = 1452;

    private bool _canCut = OperatingSystem.IsLinux();
    private byte[]? _buffer;
    private int _length;
    private int _segment;
    private int _socketSegment;
    private bool _isFilled;

    /// <summary>Memory for the next datagram, which <see cref="Add"/> takes over; what cannot go with it is sent first.</summary>
    /// <param name="length">Of the datagram, at most 65,535.</param>
    /// <exception cref="SocketException">As sending has it.</exception>
    public async ValueTask<Memory<byte>> GetMemoryAsync(int length, CancellationToken cancellationToken)
    {
        var fits =
            _buffer is null
            || (
                _canCut
                && _segment <= MaximumSegment
                && length is > 0
                && length <= _segment
                && _length % _segment == 0
                && _length / _segment < MaximumDatagrams
                && _length + length <= MaximumLength
            );
        if (!fits)
            await FlushAsync(cancellationToken).ConfigureAwait(false);
        _buffer ??= ArrayPool<byte>.Shared.Rent(ushort.MaxValue);
        return _buffer.AsMemory(_length, length);
    }

    /// <summary>The memory last given holds a datagram.</summary>
    public void Add(int length)
    {
        if (_length == 0)
            _segment = length;
        _length += length;
        _isFilled = true;
    }

    /// <summary>Sends what is there.</summary>
    /// <exception cref="SocketException">As sending has it.</exception>
    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        if (_buffer is null)
            return;
        try
        {
            if (_isFilled)
                await SendAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Dispose();
        }
    }

    /// <summary>Drops what is there.</summary>
    public void Dispose()
    {
        if (_buffer is { } buffer)
            ArrayPool<byte>.Shared.Return(buffer);
        (_buffer, _length, _segment, _isFilled) = (null, 0, 0, false);
    }

    private async ValueTask SendAsync(CancellationToken cancellationToken)
    {
        var all = _buffer.AsMemory(0, _length);
        if (_length > _segment && TrySetSegment(_segment))
        {
            try
            {
                await socket.SendAsync(all, SocketFlags.None, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (SocketException e) when (e.SocketErrorCode != SocketError.ConnectionRefused)
            {
                // The path is narrower, or its device cannot: sent one by one, each has its own outcome.
                _canCut = false;
            }
        }
        TrySetSegment(0);
        do
        {
            var length = Math.Min(_segment, all.Length);
            await socket.SendAsync(all[..length], SocketFlags.None, cancellationToken).ConfigureAwait(false);
            all = all[length..];
        } while (all.Length > 0);
    }

    private bool TrySetSegment(int length)
    {
        if (_socketSegment == length)
            return true;
        try
        {
            socket.SetRawSocketOption(SolUdp, UdpSegment, BitConverter.GetBytes(length));
            _socketSegment = length;
            return true;
        }
        catch (SocketException)
        {
            // A kernel before 4.18.
            _canCut = false;
            return false;
        }
    }
}
