namespace Telepresence.Protocol.Tunnel;

/// <summary>What came through a tunnel stream is no tunnel message.</summary>
public sealed class TunnelFormatException(string message) : FormatException(message);
