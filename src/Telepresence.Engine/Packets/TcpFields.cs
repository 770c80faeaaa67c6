namespace Telepresence.Engine.Packets;

/// <summary>What a TCP header says, to be written.</summary>
/// <param name="Window">As on the wire: already scaled.</param>
internal readonly record struct TcpFields(
    ushort SourcePort,
    ushort DestinationPort,
    SequenceNumber Sequence,
    SequenceNumber Acknowledgment,
    TcpFlags Flags,
    ushort Window
);
