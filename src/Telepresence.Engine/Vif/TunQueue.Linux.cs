using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;
using Telepresence.Engine.Netlink;

namespace Telepresence.Engine.Vif;

/// <summary>One queue of a <see cref="TunDevice"/>: a file handle, and an eventfd that ends waits.</summary>
[SupportedOSPlatform("linux")]
internal sealed unsafe class TunQueue : IPacketQueue, IDisposable
{
    private const int EFD_NONBLOCK_CLOEXEC = 0x80800;

    // The header lies directly before the packet.
    private const int HeaderOffset = PacketBuffer.Headroom - VirtioNetHeader.Length;

    private readonly SafeFileHandle _tun;
    private readonly SafeFileHandle _event;
    private PacketBuffer? _segment;
    private int _wakePending;
    private long _dropped;
    private volatile bool _disposed;

    public TunQueue(SafeFileHandle tun, DeviceOffloads offloads)
    {
        _tun = tun;
        Offloads = offloads;
        var descriptor = Libc.EventFd(0, EFD_NONBLOCK_CLOEXEC);
        if (descriptor < 0)
        {
            throw new IOException($"eventfd: {Errno.Describe(Marshal.GetLastPInvokeError())}");
        }
        _event = new SafeFileHandle(descriptor, ownsHandle: true);
    }

    public DeviceOffloads Offloads { get; }

    /// <summary>Packets that the kernel did not take.</summary>
    public long Dropped => Volatile.Read(ref _dropped);

    public bool TryRead(PacketBuffer packet)
    {
        if (_disposed)
        {
            return false;
        }
        while (true)
        {
            nint length;
            fixed (byte* raw = packet.Raw)
            {
                length = Libc.Read(_tun, raw + HeaderOffset, VirtioNetHeader.Length + PacketBuffer.Capacity);
            }
            if (length > VirtioNetHeader.Length)
            {
                packet.Length = (int)length - VirtioNetHeader.Length;
                packet.Offload = VirtioNetHeader.Read(packet.Raw[HeaderOffset..]);
                return true;
            }
            if (length >= 0 || Marshal.GetLastPInvokeError() != Errno.EINTR)
            {
                return false;
            }
        }
    }

    public void Write(PacketBuffer packet)
    {
        if (_disposed)
        {
            return;
        }
        if (Segmenter.IsSupported(packet, Offloads))
        {
            Send(packet);
            return;
        }
        _segment ??= new PacketBuffer();
        var segmenter = new Segmenter(packet);
        while (segmenter.TryNext(_segment))
        {
            Send(_segment);
        }
    }

    public void Wait(int timeoutMilliseconds)
    {
        if (_disposed)
        {
            return;
        }
        var addedTun = false;
        var addedEvent = false;
        try
        {
            _tun.DangerousAddRef(ref addedTun);
            _event.DangerousAddRef(ref addedEvent);
            var descriptors = stackalloc Libc.PollDescriptor[2];
            descriptors[0] = new() { Descriptor = (int)_tun.DangerousGetHandle(), Events = Libc.POLLIN };
            descriptors[1] = new() { Descriptor = (int)_event.DangerousGetHandle(), Events = Libc.POLLIN };
            // An interrupted poll returns early, which the contract of Wait allows no less than a packet does.
            _ = Libc.Poll(descriptors, 2, timeoutMilliseconds);
            if (descriptors[1].Returned != 0)
            {
                ulong count;
                _ = Libc.Read(_event, (byte*)&count, sizeof(ulong));
                // Only now: a Wake in between skips its write, and this Wait, which ends, is the one it ended.
                Interlocked.Exchange(ref _wakePending, 0);
            }
        }
        catch (ObjectDisposedException)
        {
            // Disposed between the check and the reference: nothing to wait for.
            return;
        }
        finally
        {
            if (addedEvent)
            {
                _event.DangerousRelease();
            }
            if (addedTun)
            {
                _tun.DangerousRelease();
            }
        }
    }

    public void Wake()
    {
        if (Interlocked.Exchange(ref _wakePending, 1) != 0 || _disposed)
        {
            return;
        }
        Signal();
    }

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }
        _disposed = true;
        Signal();
        _tun.Dispose();
        _event.Dispose();
    }

    private void Signal()
    {
        var one = 1UL;
        try
        {
            _ = Libc.Write(_event, (byte*)&one, sizeof(ulong));
        }
        catch (ObjectDisposedException)
        {
            // Waking what is gone is allowed at any time.
            return;
        }
    }

    private void Send(PacketBuffer packet)
    {
        var offload = packet.Offload;
        VirtioNetHeader.Write(packet.Raw[HeaderOffset..], in offload);
        nint written;
        try
        {
            fixed (byte* raw = packet.Raw)
            {
                written = Libc.Write(_tun, raw + HeaderOffset, (nuint)(VirtioNetHeader.Length + packet.Length));
            }
        }
        catch (ObjectDisposedException)
        {
            return;
        }
        if (written < 0)
        {
            Interlocked.Increment(ref _dropped);
        }
    }
}
