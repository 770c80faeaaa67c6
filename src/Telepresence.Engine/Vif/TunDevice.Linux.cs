using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using Telepresence.Client.Errors;
using Telepresence.Engine.Netlink;

namespace Telepresence.Engine.Vif;

/// <summary>
/// A TUN interface of the Linux kernel with virtio-net headers (drivers/net/tun.c). It vanishes with its last handle,
/// and every route that points to it with it: that is what makes a killed engine harmless.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed unsafe partial class TunDevice : IPacketDevice
{
    private const string CloneDevice = "/dev/net/tun";
    private const ushort IFF_TUN = 0x0001;
    private const ushort IFF_MULTI_QUEUE = 0x0100;
    private const ushort IFF_NO_PI = 0x1000;
    private const ushort IFF_VNET_HDR = 0x4000;
    private const uint TUNSETIFF = 0x400454CA;
    private const uint TUNSETOFFLOAD = 0x400454D0;
    private const uint TUNSETVNETHDRSZ = 0x400454D8;
    private const uint TUNSETVNETLE = 0x400454DC;
    private const int F_SETFL = 4;
    private const int InterfaceNameSize = 16;

    // From all to nothing: a kernel that lacks a bit refuses the whole word.
    private static readonly (uint Bits, DeviceOffloads Offloads)[] OffloadSteps =
    [
        (0x67, DeviceOffloads.All),
        (0x07, DeviceOffloads.Checksum | DeviceOffloads.Tcp4Segmentation | DeviceOffloads.Tcp6Segmentation),
        (0x01, DeviceOffloads.Checksum),
        (0x00, DeviceOffloads.None),
    ];

    private readonly TunQueue[] _queues;

    /// <exception cref="TelepresenceException">TunUnavailable: /dev/net/tun is missing or not permitted.</exception>
    public TunDevice(VifOptions options, ILogger logger)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.QueueCount, 1);
        var handles = new List<SafeFileHandle>(options.Handles ?? []);
        try
        {
            while (handles.Count < options.QueueCount)
            {
                handles.Add(OpenCloneDevice());
            }
            Name = options.NameTemplate;
            var multiQueue = handles.Count > 1 ? IFF_MULTI_QUEUE : 0;
            foreach (var handle in handles)
            {
                Name = Attach(handle, Name, (ushort)(IFF_TUN | IFF_NO_PI | IFF_VNET_HDR | multiQueue));
            }
            var offloads = SetOffloads(handles[0], options.Offloads);
            Mtu = options.Mtu;
            using var link = new LinkSettings(Name);
            Index = link.Index;
            link.SetUp(options.Mtu, options.Addresses, logger);
            _queues = [.. handles.Select(h => new TunQueue(h, offloads))];
            Log.Created(logger, Name, Index, handles.Count, offloads);
        }
        catch
        {
            handles.ForEach(h => h.Dispose());
            throw;
        }
    }

    public string Name { get; }

    public int Index { get; }

    public int Mtu { get; }

    public IReadOnlyList<IPacketQueue> Queues => _queues;

    /// <summary>Removes the interface; waiting loops are woken.</summary>
    public void Dispose()
    {
        foreach (var queue in _queues)
        {
            queue.Dispose();
        }
    }

    /// <summary>Opens /dev/net/tun without making an interface: what the launcher hands over.</summary>
    /// <exception cref="TelepresenceException">TunUnavailable: It is missing or not permitted.</exception>
    public static SafeFileHandle OpenCloneDevice()
    {
        var descriptor = Libc.Open(CloneDevice, Libc.O_RDWR | Libc.O_NONBLOCK | Libc.O_CLOEXEC);
        return descriptor >= 0
            ? new SafeFileHandle(descriptor, ownsHandle: true)
            : throw Unavailable(CloneDevice, Marshal.GetLastPInvokeError());
    }

    private static string Attach(SafeFileHandle handle, string name, ushort flags)
    {
        // A handle from elsewhere may be blocking, and reads must not.
        _ = Libc.Fcntl(handle, F_SETFL, Libc.O_RDWR | Libc.O_NONBLOCK);
        // struct ifreq: the name, then a union of up to 24 bytes.
        Span<byte> request = stackalloc byte[40];
        request.Clear();
        Encoding.ASCII.GetBytes(name.AsSpan(0, Math.Min(name.Length, InterfaceNameSize - 1)), request);
        MemoryMarshal.Write(request[InterfaceNameSize..], flags);
        fixed (byte* r = request)
        {
            if (Libc.Ioctl(handle, TUNSETIFF, r) < 0)
            {
                throw Unavailable("TUNSETIFF", Marshal.GetLastPInvokeError());
            }
        }
        int headerLength = VirtioNetHeader.Length,
            littleEndian = 1;
        if (
            Libc.Ioctl(handle, TUNSETVNETHDRSZ, &headerLength) < 0
            || Libc.Ioctl(handle, TUNSETVNETLE, &littleEndian) < 0
        )
        {
            throw Unavailable("TUNSETVNETHDRSZ", Marshal.GetLastPInvokeError());
        }
        var end = request[..InterfaceNameSize].IndexOf((byte)0);
        return Encoding.ASCII.GetString(request[..end]);
    }

    private static DeviceOffloads SetOffloads(SafeFileHandle handle, DeviceOffloads wanted)
    {
        foreach (var (bits, offloads) in OffloadSteps)
        {
            if ((offloads & ~wanted) == 0 && Libc.Ioctl(handle, TUNSETOFFLOAD, (nuint)bits) == 0)
            {
                return offloads;
            }
        }
        return DeviceOffloads.None;
    }

    private static TelepresenceException Unavailable(string what, int error) =>
        ErrorCatalogue.Error(
            ErrorId.TunUnavailable,
            CloneDevice,
            ("device", CloneDevice),
            (
                "reason",
                error switch
                {
                    Errno.ENOENT or Errno.ENODEV or Errno.ENXIO => "it is missing",
                    Errno.EACCES or Errno.EPERM => $"{what} needs root or CAP_NET_ADMIN ({Errno.Describe(error)})",
                    _ => $"{what}: {Errno.Describe(error)}",
                }
            )
        );

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "{Name} (index {Index}), {Queues} queues, {Offloads}")]
        public static partial void Created(ILogger logger, string name, int index, int queues, DeviceOffloads offloads);
    }
}
