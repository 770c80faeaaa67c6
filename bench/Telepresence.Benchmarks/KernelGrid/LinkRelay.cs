using System.Runtime.InteropServices;
using Telepresence.Engine.Vif;
using Telepresence.UnitTests.NetStack.Tcp.Grid;

namespace Telepresence.Benchmarks.KernelGrid;

/// <summary>Carries packets from one device to another over a <see cref="SimulatedLink"/> in real time.</summary>
internal sealed partial class LinkRelay(
    IPacketQueue from,
    IPacketQueue to,
    SimulatedLink link,
    TimeProvider time,
    CancellationToken stop
)
{
    /// <summary>Waiting by poll counts in milliseconds; what is due sooner is waited for in steps of so many microseconds.</summary>
    private const int Step = 100;

    private readonly PacketBuffer _packet = new();
    private readonly long _origin = time.GetTimestamp();

    /// <summary>The relay's thread, until cancelled.</summary>
    public void Run()
    {
        while (!stop.IsCancellationRequested)
        {
            while (from.TryRead(_packet))
            {
                link.Send(_packet.Packet, Now);
            }

            while (link.TryReceive(Now, out var bytes))
            {
                _packet.Length = bytes.Length;
                _packet.Offload = default;
                bytes.CopyTo(_packet.Packet);
                to.Write(_packet);
            }

            Wait();
        }
    }

    private TimeSpan Now => time.GetElapsedTime(_origin);

    private void Wait()
    {
        var left = link.NextDue is { } due ? due - Now : TimeSpan.FromMilliseconds(100);
        if (left >= TimeSpan.FromMilliseconds(2))
        {
            from.Wait((int)left.TotalMilliseconds - 1);
        }
        else if (left > TimeSpan.Zero)
        {
            _ = Sleep((uint)Math.Clamp(left.TotalMicroseconds, 1, Step));
        }
    }

    [LibraryImport("libc", EntryPoint = "usleep")]
    private static partial int Sleep(uint microseconds);
}
