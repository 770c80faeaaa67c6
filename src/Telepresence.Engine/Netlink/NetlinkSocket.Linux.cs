using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace Telepresence.Engine.Netlink;

/// <summary>Receives a message of a dump; a ref struct cannot be a type argument of Action.</summary>
internal delegate void NetlinkMessageHandler(NetlinkMessage message);

/// <summary>
/// A rtnetlink socket. It belongs to the network namespace of the thread that opened it, for ever. Requests are
/// serialized: any thread may call.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed unsafe class NetlinkSocket : IDisposable
{
    private const int AF_NETLINK = 16;
    private const int SOCK_RAW = 3;
    private const int SOCK_CLOEXEC = 0x80000;
    private const int SOL_SOCKET = 1;
    private const int SO_RCVBUF = 8;
    private const int MSG_TRUNC = 0x20;

    private readonly SafeFileHandle _descriptor;
    private readonly Lock _lock = new();
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(128 * 1024, pinned: true);
    private uint _sequence;

    /// <param name="groups">RTMGRP_ bits of the notifications to receive.</param>
    public NetlinkSocket(uint groups = 0)
    {
        var descriptor = Libc.Socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0);
        Check(descriptor, "open a netlink socket");
        _descriptor = new SafeFileHandle(descriptor, ownsHandle: true);
        Span<byte> address = stackalloc byte[12];
        address.Clear();
        MemoryMarshal.Write(address, (ushort)AF_NETLINK);
        MemoryMarshal.Write(address[8..], groups);
        fixed (byte* a = address)
        {
            Check(Libc.Bind(_descriptor, a, 12), "bind a netlink socket");
            var length = 12u;
            Check(Libc.GetSocketName(_descriptor, a, &length), "name a netlink socket");
        }
        PortId = MemoryMarshal.Read<uint>(address[4..]);
        var size = 1 << 20;
        // Without it a burst of notifications is lost sooner (ENOBUFS); that case is handled, so a refusal is no error.
        _ = Libc.SetSocketOption(_descriptor, SOL_SOCKET, SO_RCVBUF, &size, sizeof(int));
    }

    /// <summary>What notifications of changes asked for through this socket carry.</summary>
    public uint PortId { get; }

    public SafeFileHandle Descriptor => _descriptor;

    /// <summary>Sends a request and waits for its acknowledgement.</summary>
    /// <param name="operation">For the error message.</param>
    /// <exception cref="NetlinkException">The kernel refused.</exception>
    public void Execute(NetlinkRequest request, string operation) => Ask(request, operation, static _ => { });

    /// <summary>
    /// Sends a request and hands every message of the answer to <paramref name="handler"/>. False: the kernel says that
    /// the dump is inconsistent, because something changed meanwhile.
    /// </summary>
    /// <exception cref="NetlinkException">The kernel refused.</exception>
    public bool Ask(NetlinkRequest request, string operation, NetlinkMessageHandler handler)
    {
        lock (_lock)
        {
            var sequence = ++_sequence;
            var message = request.Finish(sequence);
            fixed (byte* m = message)
            {
                Check(Libc.Send(_descriptor, m, (nuint)message.Length, 0), operation);
            }
            var consistent = true;
            while (true)
            {
                var reader = new NetlinkReader(Receive(operation));
                while (reader.TryRead(out var answer))
                {
                    if (answer.Sequence != sequence)
                    {
                        continue;
                    }
                    consistent &= (answer.Flags & Rtnetlink.NLM_F_DUMP_INTR) == 0;
                    switch (answer.Type)
                    {
                        case Rtnetlink.NLMSG_ERROR when answer.Error != 0:
                            throw new NetlinkException(operation, answer.Error);
                        case Rtnetlink.NLMSG_ERROR:
                        case Rtnetlink.NLMSG_DONE:
                            return consistent;
                        case Rtnetlink.NLMSG_NOOP:
                            break;
                        default:
                            handler(answer);
                            break;
                    }
                }
            }
        }
    }

    /// <summary>The next datagram; blocks. Valid until the next call. For sockets that only listen.</summary>
    /// <exception cref="NetlinkException">ENOBUFS: notifications were lost.</exception>
    public ReadOnlySpan<byte> Receive(string operation)
    {
        while (true)
        {
            nint length;
            fixed (byte* b = _buffer)
            {
                length = Libc.Receive(_descriptor, b, (nuint)_buffer.Length, MSG_TRUNC);
            }
            if (length > _buffer.Length)
            {
                throw new NetlinkFormatException($"a datagram of {length} bytes");
            }
            if (length >= 0)
            {
                return _buffer.AsSpan(0, (int)length);
            }
            var error = Marshal.GetLastPInvokeError();
            if (error != Errno.EINTR)
            {
                throw new NetlinkException(operation, error);
            }
        }
    }

    public void Dispose() => _descriptor.Dispose();

    private static void Check(nint result, string operation)
    {
        if (result < 0)
        {
            throw new NetlinkException(operation, Marshal.GetLastPInvokeError());
        }
    }
}
