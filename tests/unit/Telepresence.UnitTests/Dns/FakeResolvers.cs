using System.Collections.Concurrent;
using Telepresence.Engine.Dns;

namespace Telepresence.UnitTests.Dns;

internal sealed class FakeCluster : IClusterResolver
{
    public ConcurrentDictionary<(string, ushort), (int, byte[])> Answers { get; } = new();

    public ConcurrentQueue<string> Asked { get; } = new();

    /// <summary>What a look-up waits for before it answers.</summary>
    public Func<string, ushort, CancellationToken, Task> Before { get; set; } = (_, _, _) => Task.CompletedTask;

    public FakeCluster Has(string name, ushort type, params byte[][] records)
    {
        Answers[(name, type)] = (0, [.. records.SelectMany(r => r)]);
        return this;
    }

    public FakeCluster HasAddress(string name, string address) =>
        Has(
            name,
            address.Contains(':', StringComparison.Ordinal) ? RecordType.Aaaa : RecordType.A,
            DnsMessages.A(name, address)
        );

    public async ValueTask<(int ResponseCode, ReadOnlyMemory<byte> Records)> LookupAsync(
        string name,
        ushort type,
        CancellationToken cancellationToken
    )
    {
        Asked.Enqueue($"{name} {type}");
        await Before(name, type, cancellationToken);
        return Answers.TryGetValue((name, type), out var answer) ? answer : (3, default);
    }
}

internal sealed class FakeUpstream(Func<byte[], bool, byte[]?> answer) : IUpstreamResolver
{
    public ConcurrentQueue<string> Asked { get; } = new();

    public static FakeUpstream With(string address) =>
        new((query, _) => DnsMessages.Answer(query, 0, DnsMessages.A(DnsMessages.QuestionOf(query), address)));

    public ValueTask<byte[]?> ForwardAsync(ReadOnlyMemory<byte> query, bool tcp, CancellationToken cancellationToken)
    {
        Asked.Enqueue(query.Length > 12 ? DnsMessages.QuestionOf(query.ToArray()) : "?");
        return ValueTask.FromResult(answer(query.ToArray(), tcp));
    }
}

/// <summary>A clock that stands still until it is moved.</summary>
internal sealed class FakeTime : TimeProvider
{
    private long _ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Volatile.Read(ref _ticks);

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddTicks(Volatile.Read(ref _ticks));

    public void Advance(TimeSpan time) => Interlocked.Add(ref _ticks, time.Ticks);
}
