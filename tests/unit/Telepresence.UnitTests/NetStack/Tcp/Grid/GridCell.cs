using System.Globalization;

namespace Telepresence.UnitTests.NetStack.Tcp.Grid;

/// <summary>One link of the grid, and what is sent over it. Impairments hold for each direction by itself.</summary>
/// <param name="LossPercent">Packets lost, 0 to 10 %.</param>
/// <param name="RoundTripMilliseconds">Delay both ways together, 0 to 200 ms, without the time on the wire.</param>
/// <param name="BufferKiB">Send and receive buffer of both ends, 16 KiB to 4 MiB.</param>
/// <param name="Disordered">5 % of the packets arrive up to 5 ms late, 2 % twice.</param>
internal sealed record GridCell(int LossPercent, int RoundTripMilliseconds, int BufferKiB, bool Disordered)
{
    /// <summary>The rate of every link: the kernel's figures were taken in real time, beside other work.</summary>
    public const long BitsPerSecond = 50_000_000;

    /// <summary>What waits for the wire at most, a direction: 42 ms of it; the rest is dropped.</summary>
    public const int QueueBytes = 256 * 1024;

    public const int Mtu = 1500;

    /// <summary>A run ends when so much has arrived, or after <see cref="Limit"/>.</summary>
    public const long Bytes = 4 * 1024 * 1024;

    /// <summary>Counted from the first SYN.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private static readonly int[] _losses = [0, 1, 3, 10];
    private static readonly int[] _roundTrips = [0, 20, 80, 200];
    private static readonly int[] _buffers = [16, 128, 1024, 4096];

    public static IReadOnlyList<GridCell> All { get; } =
    [
        .. from disordered in (bool[])[false, true]
        from loss in _losses
        from roundTrip in _roundTrips
        from buffer in _buffers
        select new GridCell(loss, roundTrip, buffer, disordered),
    ];

    public int BufferBytes => BufferKiB * 1024;

    public TimeSpan OneWay => TimeSpan.FromMilliseconds(RoundTripMilliseconds) / 2;

    public double Loss => LossPercent / 100.0;

    public double Reordering => Disordered ? 0.05 : 0;

    public double Duplication => Disordered ? 0.02 : 0;

    public static TimeSpan Lateness => TimeSpan.FromMilliseconds(5);

    /// <summary>Nothing is left to chance here: one run says all.</summary>
    public bool IsSteady => LossPercent == 0 && !Disordered;

    /// <summary>The first columns of a table's row.</summary>
    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{LossPercent},{RoundTripMilliseconds},{BufferKiB},{(Disordered ? "yes" : "no")}"
        );
}
