namespace Telepresence.Engine.Packets;

/// <summary>Control bits of RFC 9293 §3.1.</summary>
[Flags]
internal enum TcpFlags : byte
{
    None = 0,
    Fin = 0x01,
    Syn = 0x02,
    Reset = 0x04,
    Push = 0x08,
    Acknowledgment = 0x10,
    Urgent = 0x20,
}
