namespace Telepresence.Engine.Netlink;

/// <summary>A netlink message that contradicts itself: lengths that leave the buffer, a header cut short.</summary>
internal sealed class NetlinkFormatException(string message) : Exception(message);
