using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using Telepresence.Engine.Netlink;
using static Telepresence.Engine.Netlink.Rtnetlink;

namespace Telepresence.Engine.Routing;

/// <summary>
/// Listens to the kernel's notifications on a thread of its own and calls back once a burst of foreign ones is over.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed unsafe partial class RoutingMonitor : IDisposable
{
    private const int EFD_NONBLOCK_CLOEXEC = 0x80800;
    private const long QuietMilliseconds = 100;
    private const long LongestBurstMilliseconds = 1000;

    private readonly NetlinkSocket _socket = new(
        RTMGRP_LINK
            | RTMGRP_IPV4_IFADDR
            | RTMGRP_IPV4_ROUTE
            | RTMGRP_IPV4_RULE
            | RTMGRP_IPV6_IFADDR
            | RTMGRP_IPV6_ROUTE
            | RTMGRP_IPV6_RULE
    );
    private readonly SafeFileHandle _stop;
    private readonly uint _ownPort;
    private readonly Func<int, bool> _isOwnInterface;
    private readonly Action _changed;
    private readonly ILogger _logger;
    private readonly Thread _thread;

    /// <param name="ownPort">Changes asked for through that netlink socket are ours.</param>
    /// <param name="isOwnInterface">Links and addresses of these are ours as well.</param>
    /// <param name="changed">Called on the monitor's thread.</param>
    public RoutingMonitor(uint ownPort, Func<int, bool> isOwnInterface, Action changed, ILogger logger)
    {
        _ownPort = ownPort;
        _isOwnInterface = isOwnInterface;
        _changed = changed;
        _logger = logger;
        _stop = new SafeFileHandle(Libc.EventFd(0, EFD_NONBLOCK_CLOEXEC), ownsHandle: true);
        _thread = new Thread(Run) { IsBackground = true, Name = "routing monitor" };
        _thread.Start();
    }

    public void Dispose()
    {
        var one = 1UL;
        _ = Libc.Write(_stop, (byte*)&one, sizeof(ulong));
        if (Thread.CurrentThread != _thread)
        {
            _thread.Join();
        }
    }

    private void Run()
    {
        long? first = null;
        while (true)
        {
            var now = Environment.TickCount64;
            var wait = first is null
                ? -1
                : (int)Math.Clamp(first.Value + LongestBurstMilliseconds - now, 0, QuietMilliseconds);
            var (readable, stopped) = Poll(wait);
            if (stopped)
            {
                break;
            }
            if (readable && IsForeign())
            {
                first ??= now;
            }
            if (first is { } start && (!readable || Environment.TickCount64 - start >= LongestBurstMilliseconds))
            {
                first = null;
                Raise();
            }
        }
        _socket.Dispose();
        _stop.Dispose();
    }

    private (bool Readable, bool Stopped) Poll(int timeoutMilliseconds)
    {
        var descriptors = stackalloc Libc.PollDescriptor[2];
        descriptors[0] = new() { Descriptor = (int)_socket.Descriptor.DangerousGetHandle(), Events = Libc.POLLIN };
        descriptors[1] = new() { Descriptor = (int)_stop.DangerousGetHandle(), Events = Libc.POLLIN };
        _ = Libc.Poll(descriptors, 2, timeoutMilliseconds);
        return (descriptors[0].Returned != 0, descriptors[1].Returned != 0);
    }

    private bool IsForeign()
    {
        try
        {
            var reader = new NetlinkReader(_socket.Receive("listen to changes of the routing"));
            var foreign = false;
            while (reader.TryRead(out var message))
            {
                var ownLink =
                    message.Type is RTM_NEWLINK or RTM_DELLINK or RTM_NEWADDR or RTM_DELADDR
                    && _isOwnInterface(RoutingMessages.InterfaceOf(message));
                foreign |= message.PortId != _ownPort && !ownLink;
            }
            return foreign;
        }
        catch (Exception e) when (e is NetlinkException or NetlinkFormatException)
        {
            // Notifications were lost (ENOBUFS): something did change.
            Log.Lost(_logger, e.Message);
            return true;
        }
    }

    private void Raise()
    {
        try
        {
            _changed();
        }
#pragma warning disable CA1031 // A subscriber's fault must not end the monitor; it is reported here.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Log.Failed(_logger, e);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Routing changes were missed: {Reason}")]
        public static partial void Lost(ILogger logger, string reason);

        [LoggerMessage(Level = LogLevel.Error, Message = "Handling a change of the routing failed")]
        public static partial void Failed(ILogger logger, Exception e);
    }
}
