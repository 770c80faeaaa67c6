using FsCheck;
using FsCheck.Fluent;
using Telepresence.Engine.NetStack.Tcp;

namespace Telepresence.UnitTests.NetStack.Tcp;

public class RetransmissionQueueTests
{
    private const int Length = 64;

    /// <summary>Against the plainest model there is: what is believed of each byte.</summary>
    [Fact]
    public void It_agrees_with_a_list_of_bytes() =>
        Prop.ForAll<(byte Operation, byte From, byte Count)[]>(operations =>
            {
                var queue = new RetransmissionQueue();
                var rack = new Rack(queue, 1);
                var model = new List<TransmissionState>();
                var una = 0;
                long now = 0;
                long delivered = 0;
                foreach (var (operation, from, count) in operations)
                {
                    now += operation % 2;
                    rack.Begin(now);
                    var outstanding = model.Count - una;
                    var start = una + (outstanding == 0 ? 0 : from % outstanding);
                    var end = Math.Min(model.Count, start + 1 + (count % Length));
                    delivered = 0;
                    switch (operation % 5)
                    {
                        case 0:
                            queue.Append(model.Count, model.Count + 1 + count, now);
                            model.AddRange(Enumerable.Repeat(TransmissionState.InFlight, 1 + count));
                            break;
                        case 1 when outstanding > 0:
                            delivered = NotSacked(model, una, end);
                            queue.Acknowledge(end, rack);
                            una = end;
                            break;
                        case 2 when outstanding > 0:
                            delivered = NotSacked(model, start, end);
                            queue.Sack(start, end, rack);
                            Mark(model, start, end, TransmissionState.Sacked);
                            break;
                        case 3 when outstanding > 0:
                            queue.Retransmit(start, end, now);
                            Mark(model, start, end, TransmissionState.InFlight, keepSacked: true);
                            break;
                        case 4 when outstanding > 0:
                            var piece = queue[from % queue.Count];
                            if (piece.State == TransmissionState.InFlight)
                            {
                                queue.MarkLost(from % queue.Count);
                                Mark(model, (int)piece.Start, (int)piece.End, TransmissionState.Lost);
                            }

                            break;
                    }

                    if (!Agree(queue, model, una) || rack.Delivered != delivered)
                    {
                        return false;
                    }
                }

                return true;
            })
            .QuickCheckThrowOnFailure();

    [Fact]
    public void A_peer_that_reports_every_other_byte_makes_it_no_longer_than_its_limit()
    {
        var queue = new RetransmissionQueue();
        var rack = new Rack(queue, 1460);
        queue.Append(0, 1_000_000, 0);
        for (var i = 1; i < 100_000; i += 2)
        {
            queue.Sack(i, i + 1, rack);
        }

        Assert.InRange(queue.Count, 1000, 5000);
        Assert.Equal(1_000_000, queue.InFlight + queue.Sacked);
    }

    [Fact]
    public void Small_segments_of_a_full_queue_are_joined()
    {
        var queue = new RetransmissionQueue();
        for (var i = 0; i < 100_000; i++)
        {
            queue.Append(i, i + 1, i);
        }

        Assert.InRange(queue.Count, 1000, 5000);
        Assert.Equal(100_000, queue.InFlight);
    }

    private static bool Agree(RetransmissionQueue queue, List<TransmissionState> model, int una)
    {
        var position = (long)una;
        var matches = true;
        for (var i = 0; i < queue.Count; i++)
        {
            var piece = queue[i];
            matches &= piece.Start == position && piece.End > piece.Start;
            for (; position < piece.End; position++)
            {
                matches &= model[(int)position] == piece.State;
            }
        }

        var rest = model.Skip(una).ToArray();
        return matches
            && position == model.Count
            && queue.InFlight == rest.Count(s => s == TransmissionState.InFlight)
            && queue.Sacked == rest.Count(s => s == TransmissionState.Sacked)
            && queue.Lost == rest.Count(s => s == TransmissionState.Lost);
    }

    private static long NotSacked(List<TransmissionState> model, int start, int end) =>
        model.Skip(start).Take(end - start).Count(s => s != TransmissionState.Sacked);

    private static void Mark(
        List<TransmissionState> model,
        int start,
        int end,
        TransmissionState state,
        bool keepSacked = false
    )
    {
        for (var i = start; i < end; i++)
        {
            model[i] = keepSacked && model[i] == TransmissionState.Sacked ? model[i] : state;
        }
    }
}
