using System.Security.Cryptography;
using Telepresence.Engine.Vif;

namespace Telepresence.Engine.NetStack;

/// <summary>
/// The user-space IP stack on a device: ends the workstation's TCP and UDP conversations here and hands them to a
/// <see cref="IFlowHandler"/>. One thread a device queue. Dispose resets every flow; the device stays its owner's.
/// </summary>
internal sealed class IpStack : IDisposable
{
    private readonly PacketLoop[] _loops;
    private readonly Thread[] _threads;
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _running;
    private bool _isStarted;

    /// <param name="device">Read and written by the stack alone from <see cref="Start"/> on.</param>
    /// <param name="handler">Called on the loops' threads.</param>
    /// <param name="secret">Key of the initial sequence numbers; random when null.</param>
    public IpStack(
        IPacketDevice device,
        IFlowHandler handler,
        IpStackOptions? options = null,
        TimeProvider? time = null,
        byte[]? secret = null
    )
    {
        secret ??= RandomNumberGenerator.GetBytes(32);
        var handover = new PacketHandover(
            device.Queues.Count,
            index => _loops![index].Signals.Wake(),
            index => _loops![index].Counters.Drop(DropReason.HandoverFull)
        );
        _loops =
        [
            .. device.Queues.Select(
                (queue, index) =>
                    new PacketLoop(
                        index,
                        queue,
                        device.Mtu,
                        handler,
                        options ?? new IpStackOptions(),
                        time ?? TimeProvider.System,
                        secret,
                        handover
                    )
            ),
        ];
        _threads =
        [
            .. _loops.Select(
                (loop, index) =>
                    new Thread(() => Run(loop)) { Name = $"{device.Name} loop {index}", IsBackground = true }
            ),
        ];
    }

    /// <summary>
    /// Completes when the stack has stopped; faults when a loop failed, after which no flow of it will end by itself.
    /// </summary>
    public Task Completion => _completion.Task;

    /// <summary>The loops, for tests that step through them without threads.</summary>
    public IReadOnlyList<PacketLoop> Loops => _loops;

    public void Start()
    {
        _isStarted = true;
        _running = _threads.Length;
        foreach (var thread in _threads)
        {
            thread.Start();
        }
    }

    /// <summary>The flows of this moment. Any thread.</summary>
    public (IReadOnlyList<ITcpFlow> Tcp, IReadOnlyList<IUdpFlow> Udp) Snapshot()
    {
        var tcp = new List<ITcpFlow>();
        var udp = new List<IUdpFlow>();
        foreach (var loop in _loops)
        {
            loop.Tcp.Snapshot(tcp);
            loop.Udp.Snapshot(udp);
        }

        return (tcp, udp);
    }

    /// <summary>Packets and drops of all loops so far. Any thread.</summary>
    public StackStatistics Statistics => StackStatistics.Sum(_loops.Select(loop => loop.Counters));

    public void Dispose()
    {
        foreach (var loop in _loops)
        {
            loop.Stop();
        }

        foreach (var thread in _threads)
        {
            if (_isStarted)
            {
                thread.Join();
            }
        }

        _completion.TrySetResult();
    }

    private void Run(PacketLoop loop)
    {
        try
        {
            loop.Run();
            if (Interlocked.Decrement(ref _running) == 0)
            {
                _completion.TrySetResult();
            }
        }
        catch (Exception exception)
        {
            // Nobody above on this thread: the owner hears of it by Completion and ends the session.
            _completion.TrySetException(exception);
        }
    }
}
