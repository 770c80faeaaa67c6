using System.Buffers.Binary;
using Telepresence.Engine.Packets;
using Telepresence.Engine.Vif;

namespace Telepresence.Engine.NetStack;

/// <summary>
/// Cuts a packet with a plain header into fragments that fit a link (RFC 791 §3.2, RFC 8200 §4.5). For datagrams only:
/// TCP never sends what does not fit.
/// </summary>
internal ref struct Fragmenter(ReadOnlySpan<byte> packet, int mtu, uint identification)
{
    private const int FragmentHeaderLength = 8;
    private readonly ReadOnlySpan<byte> _packet = packet;
    private readonly bool _isV4 = packet[0] >> 4 == 4;
    private int _offset;

    /// <summary>Builds the next fragment; false when there is none left.</summary>
    public bool TryNext(PacketBuffer fragment)
    {
        var ipLength = _isV4 ? Ipv4Packet.MinimumHeaderLength : Ipv6Packet.HeaderLength;
        var payload = _packet[ipLength..];
        if (_offset >= payload.Length)
        {
            return false;
        }

        var headers = _isV4 ? ipLength : ipLength + FragmentHeaderLength;
        var room = (mtu - headers) & ~7;
        var count = Math.Min(room, payload.Length - _offset);
        var more = _offset + count < payload.Length;
        fragment.Length = headers + count;
        fragment.Offload = default;
        var bytes = fragment.Packet;
        _packet[..ipLength].CopyTo(bytes);
        payload.Slice(_offset, count).CopyTo(bytes[headers..]);
        if (_isV4)
        {
            Ipv4Packet.WriteFragmentFields(bytes, (ushort)identification, _offset, more);
        }
        else
        {
            Ipv6Packet.WriteFragmentHeader(bytes, identification, _offset, more);
        }

        _offset += count;
        return true;
    }
}
