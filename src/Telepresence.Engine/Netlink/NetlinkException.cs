namespace Telepresence.Engine.Netlink;

/// <summary>The kernel refused a request.</summary>
/// <param name="operation">What was asked, in words.</param>
/// <param name="error">The errno, positive.</param>
internal sealed class NetlinkException(string operation, int error) : Exception($"{operation}: {Errno.Describe(error)}")
{
    public int Error { get; } = error;
}
