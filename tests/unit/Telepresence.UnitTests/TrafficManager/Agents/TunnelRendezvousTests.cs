using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Tunnel;
using Telepresence.TrafficManager.Tunnels;

namespace Telepresence.UnitTests.TrafficManager.Agents;

public class TunnelRendezvousTests
{
    private static readonly ConnId Id = new(
        IPEndPoint.Parse("10.0.0.1:1024"),
        IPEndPoint.Parse("10.96.0.10:80"),
        ProtocolType.Tcp
    );

    private readonly TunnelRendezvous _rendezvous = new(capacity: 2);

    [Fact]
    public async Task An_answer_lasts_until_it_is_released()
    {
        using var awaited = _rendezvous.Await("agent", Id)!;
        Assert.Equal(1, _rendezvous.Count);
        var answering = AnswerAsync("agent");
        var answer = await awaited.WaitAsync(CancellationToken.None);
        Assert.False(answering.IsCompleted);
        Assert.Equal(0, _rendezvous.Count);
        answer.Release();
        Assert.True(await answering.WaitAsync(ManagerFixture.Patience));
    }

    [Fact]
    public async Task Nobody_gets_what_nobody_waits_for()
    {
        using var awaited = _rendezvous.Await("agent", Id)!;
        Assert.False(await AnswerAsync("another"));
        Assert.Equal(1, _rendezvous.Count);
    }

    [Fact]
    public async Task Who_gave_up_gets_nothing()
    {
        using var stop = new CancellationTokenSource();
        var awaited = _rendezvous.Await("agent", Id)!;
        var waiting = awaited.WaitAsync(stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await IsRefusedAsync();
        awaited.Dispose();
        Assert.True(_rendezvous.IsEmpty);
    }

    [Fact]
    public async Task An_answer_to_what_was_given_up_is_refused_and_one_to_nothing_is_not()
    {
        _rendezvous.Await("agent", Id)!.Dispose();
        Assert.False(_rendezvous.IsEmpty);
        await IsRefusedAsync();
        Assert.True(_rendezvous.IsEmpty);
        Assert.False(await AnswerAsync("agent"));
    }

    [Fact]
    public async Task What_was_given_up_long_ago_is_forgotten()
    {
        _rendezvous.Await("agent", Id)!.Dispose();
        for (var i = 0; i < 1024; i++)
            _rendezvous.Await($"agent {i}", Id)!.Dispose();
        Assert.False(await AnswerAsync("agent"));
    }

    [Fact]
    public async Task An_answer_that_came_while_its_asker_gave_up_is_let_go()
    {
        var awaited = _rendezvous.Await("agent", Id)!;
        var answering = AnswerAsync("agent");
        awaited.Dispose();
        Assert.True(await answering.WaitAsync(ManagerFixture.Patience));
    }

    [Fact]
    public async Task The_same_connection_awaited_twice_is_served_in_order()
    {
        using var first = _rendezvous.Await("agent", Id)!;
        using var second = _rendezvous.Await("agent", Id)!;
        using var given = new CancellationTokenSource(ManagerFixture.Patience);
        var one = AnswerAsync("agent");
        (await first.WaitAsync(given.Token)).Release();
        Assert.True(await one);
        var two = AnswerAsync("agent");
        (await second.WaitAsync(given.Token)).Release();
        Assert.True(await two);
        Assert.False(await AnswerAsync("agent"));
    }

    [Fact]
    public async Task The_second_is_served_when_the_first_gave_up()
    {
        using var stop = new CancellationTokenSource();
        using var first = _rendezvous.Await("agent", Id)!;
        using var second = _rendezvous.Await("agent", Id)!;
        var waiting = first.WaitAsync(stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        var answering = AnswerAsync("agent");
        (await second.WaitAsync(CancellationToken.None)).Release();
        Assert.True(await answering);
    }

    [Fact]
    public void Too_many_are_refused_and_those_that_end_make_room()
    {
        var first = _rendezvous.Await("agent", Id);
        using var second = _rendezvous.Await("agent", Id);
        Assert.Null(_rendezvous.Await("agent", Id));
        first!.Dispose();
        using var third = _rendezvous.Await("agent", Id);
        Assert.NotNull(third);
    }

    /// <summary>However answers and giving up interleave, every answer is either taken and released, or refused.</summary>
    [Fact]
    public async Task Answers_and_giving_up_at_the_same_time_leave_nothing_behind()
    {
        for (var i = 0; i < 2000; i++)
        {
            using var stop = new CancellationTokenSource();
            var awaited = _rendezvous.Await("agent", Id)!;
            var waiter = Task.Run(async () =>
            {
                using (awaited)
                    try
                    {
                        (await awaited.WaitAsync(stop.Token)).Release();
                        return true;
                    }
                    catch (OperationCanceledException)
                    {
                        return false;
                    }
            });
            var answering = Task.Run(async () =>
            {
                try
                {
                    return await AnswerAsync("agent");
                }
                catch (RpcException e) when (e.StatusCode == StatusCode.Cancelled)
                {
                    return false;
                }
            });
            await stop.CancelAsync();
            var taken = await waiter.WaitAsync(ManagerFixture.Patience);
            var answered = await answering.WaitAsync(ManagerFixture.Patience);
            // One that was let go counts as answered for the peer, never the other way round.
            Assert.True(answered || !taken);
            Assert.Equal(0, _rendezvous.Count);
        }
    }

    private async Task IsRefusedAsync()
    {
        var refusal = await Assert.ThrowsAsync<RpcException>(() => AnswerAsync("agent"));
        Assert.Equal(StatusCode.Cancelled, refusal.StatusCode);
    }

    private Task<bool> AnswerAsync(string session) =>
        _rendezvous
            .TryAnswerAsync(
                session,
                Id,
                new TunnelReader(Stream.Null),
                new TunnelResponseWriter(PipeWriter.Create(Stream.Null)),
                CancellationToken.None
            )
            .AsTask();
}
