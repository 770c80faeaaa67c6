namespace Telepresence.Engine.Dns;

/// <summary>A question that was answered.</summary>
/// <param name="Session">Which session answered; empty: none did.</param>
internal sealed record DnsQueryRecord(
    DateTimeOffset At,
    string Name,
    ushort Type,
    DnsAnsweredBy By,
    string Session,
    int ResponseCode,
    TimeSpan Duration
);

/// <summary>
/// The most recent questions, in a ring made once: keeping one allocates nothing, so that it can be on always.
/// </summary>
internal sealed class DnsQueryLog(TimeProvider time, int capacity = 1024)
{
    private readonly Lock _gate = new();
    private readonly Slot[] _slots = new Slot[capacity];
    private readonly byte[] _names = new byte[capacity * DnsName.MaxWireLength];
    private long _next;

    /// <param name="question">The name on the wire, uncompressed.</param>
    /// <param name="started">Timestamp of the log's <see cref="TimeProvider"/>.</param>
    public void Add(
        ReadOnlySpan<byte> question,
        ushort type,
        DnsAnsweredBy by,
        string session,
        int responseCode,
        long started
    )
    {
        if (question.Length > DnsName.MaxWireLength)
            return;
        var now = time.GetTimestamp();
        lock (_gate)
        {
            var index = (int)(_next++ % capacity);
            question.CopyTo(_names.AsSpan(index * DnsName.MaxWireLength));
            _slots[index] = new Slot(question.Length, type, by, session, responseCode, started, now);
        }
    }

    /// <summary>The last questions, oldest first.</summary>
    public IReadOnlyList<DnsQueryRecord> Last(int count)
    {
        var records = new List<DnsQueryRecord>(Math.Min(count, capacity));
        var text = new char[DnsName.MaxTextLength];
        lock (_gate)
        {
            var now = time.GetTimestamp();
            var utcNow = time.GetUtcNow();
            for (var i = Math.Max(0, _next - Math.Min(count, capacity)); i < _next; i++)
            {
                var index = (int)(i % capacity);
                var slot = _slots[index];
                var offset = 0;
                var name = _names.AsSpan(index * DnsName.MaxWireLength, slot.NameLength);
                if (!DnsName.TryRead(name, ref offset, allowPointers: false, text, out var length))
                    continue;
                records.Add(
                    new DnsQueryRecord(
                        utcNow - time.GetElapsedTime(slot.Ended, now),
                        new string(text, 0, length),
                        slot.Type,
                        slot.By,
                        slot.Session,
                        slot.ResponseCode,
                        time.GetElapsedTime(slot.Started, slot.Ended)
                    )
                );
            }
        }
        return records;
    }

    private readonly record struct Slot(
        int NameLength,
        ushort Type,
        DnsAnsweredBy By,
        string Session,
        int ResponseCode,
        long Started,
        long Ended
    );
}
