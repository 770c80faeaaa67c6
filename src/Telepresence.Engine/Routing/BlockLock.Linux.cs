using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Telepresence.Engine.Netlink;

namespace Telepresence.Engine.Routing;

/// <summary>
/// Tells which blocks have a living engine, and takes one: a name in the abstract socket space of the network
/// namespace, which the kernel gives back when the process ends, however it ends.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed unsafe class BlockLock : IDisposable
{
    private const int AF_UNIX = 1;
    private const int SOCK_DGRAM_CLOEXEC = 0x80002;

    // Both opened at once: a socket's namespace is that of the thread that opens it.
    private readonly SafeFileHandle _held = Open();
    private readonly SafeFileHandle _probe = Open();

    /// <summary>The block taken, or null.</summary>
    public RoutingBlock? Taken { get; private set; }

    /// <summary>Takes the first block above all living engines'; null when there is none.</summary>
    public RoutingBlock? TryTake()
    {
        foreach (
            var block in RoutingBlock.All.SkipWhile(b => RoutingBlock.All.Any(o => o.Number >= b.Number && IsAlive(o)))
        )
        {
            if (Call(block, (address, length) => Libc.Bind(_held, (void*)address, length)))
            {
                Taken = block;
                return block;
            }
        }
        return null;
    }

    /// <summary>An engine holds the block; this one too.</summary>
    public bool IsAlive(RoutingBlock block) =>
        Call(block, (address, length) => Libc.Connect(_probe, (void*)address, length));

    public void Dispose()
    {
        Taken = null;
        _held.Dispose();
        _probe.Dispose();
    }

    private static bool Call(RoutingBlock block, Func<nint, uint, int> call)
    {
        // struct sockaddr_un: a path that begins with zero is an abstract name, as long as the address says.
        var name = Encoding.ASCII.GetBytes(block.LockName);
        Span<byte> address = stackalloc byte[3 + name.Length];
        address.Clear();
        MemoryMarshal.Write(address, (ushort)AF_UNIX);
        name.CopyTo(address[3..]);
        fixed (byte* a = address)
        {
            return call((nint)a, (uint)address.Length) == 0;
        }
    }

    private static SafeFileHandle Open()
    {
        var descriptor = Libc.Socket(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0);
        return descriptor >= 0
            ? new SafeFileHandle(descriptor, ownsHandle: true)
            : throw new IOException($"open a Unix socket: {Errno.Describe(Marshal.GetLastPInvokeError())}");
    }
}
