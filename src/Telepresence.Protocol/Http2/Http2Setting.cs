namespace Telepresence.Protocol.Http2;

/// <summary>Parameters of a SETTINGS frame (RFC 9113 §6.5.2).</summary>
internal enum Http2Setting : ushort
{
    HeaderTableSize = 1,
    EnablePush = 2,
    MaxConcurrentStreams = 3,
    InitialWindowSize = 4,
    MaxFrameSize = 5,
    MaxHeaderListSize = 6,
}
