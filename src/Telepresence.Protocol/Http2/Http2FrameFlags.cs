using System.Diagnostics.CodeAnalysis;

namespace Telepresence.Protocol.Http2;

/// <summary>What a bit means depends on the frame's type (RFC 9113 §6).</summary>
[Flags]
[SuppressMessage("Design", "CA1069", Justification = "The protocol uses one bit for two things.")]
internal enum Http2FrameFlags : byte
{
    None = 0,

    /// <summary>Of SETTINGS and PING.</summary>
    Ack = 0x1,

    /// <summary>Of DATA and HEADERS.</summary>
    EndStream = 0x1,

    /// <summary>Of HEADERS and CONTINUATION.</summary>
    EndHeaders = 0x4,

    /// <summary>Of DATA and HEADERS.</summary>
    Padded = 0x8,

    /// <summary>Of HEADERS.</summary>
    Priority = 0x20,
}
