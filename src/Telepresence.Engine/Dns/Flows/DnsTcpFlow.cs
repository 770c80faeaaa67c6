using System.Buffers;
using System.Buffers.Binary;
using Telepresence.Engine.NetStack;

namespace Telepresence.Engine.Dns;

/// <summary>
/// Serves DNS over one TCP connection (RFC 7766): length-prefixed, pipelined, answers in the order they are ready.
/// </summary>
internal sealed class DnsTcpFlow(DnsFront front, ITcpFlow flow, TimeProvider time) : IDisposable
{
    /// <summary>How long a connection may be silent (RFC 7766 §6.2.3 asks for a few seconds).</summary>
    public static readonly TimeSpan IdleLimit = TimeSpan.FromSeconds(10);

    private const int MaxWaiting = 32;
    private const int PrefixLength = 2;

    private readonly TaskSlots _waiting = new(MaxWaiting);
    private readonly SemaphoreSlim _writing = new(1);

    /// <summary>Accepts, and completes when the connection is over.</summary>
    public async Task ServeAsync(CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var timer = time.CreateTimer(
            static source => ((CancellationTokenSource)source!).Cancel(),
            over,
            IdleLimit,
            Timeout.InfiniteTimeSpan
        );
        try
        {
            flow.Accept();
            while (await ReadQueryAsync(over.Token).ConfigureAwait(false) is { } query)
            {
                timer.Change(IdleLimit, Timeout.InfiniteTimeSpan);
                await _waiting.StartAsync(bytes => AnswerAsync(bytes, over.Token), query).ConfigureAwait(false);
            }
            await _waiting.WhenAll().ConfigureAwait(false);
            flow.CompleteWrite();
        }
        catch (Exception e) when (e is FlowAbortedException or OperationCanceledException)
        {
            // The client hung up, is idle, or the engine ends. What is still being answered has no reader.
            over.Cancel();
            await _waiting.WhenAll().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            flow.Abort();
        }
    }

    public void Dispose() => _writing.Dispose();

    /// <summary>Null: the client sent FIN (a query cut short is dropped).</summary>
    private async ValueTask<byte[]?> ReadQueryAsync(CancellationToken cancellationToken)
    {
        var prefix = new byte[PrefixLength];
        if (!await ReadExactlyAsync(prefix, cancellationToken).ConfigureAwait(false))
            return null;
        var query = new byte[BinaryPrimitives.ReadUInt16BigEndian(prefix)];
        return await ReadExactlyAsync(query, cancellationToken).ConfigureAwait(false) ? query : null;
    }

    private async ValueTask<bool> ReadExactlyAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (!buffer.IsEmpty)
        {
            var data = await flow.ReadAsync(cancellationToken).ConfigureAwait(false);
            if (data.IsEmpty)
                return false;
            var count = Math.Min(data.Length, buffer.Length);
            data[..count].CopyTo(buffer);
            flow.AdvanceRead(count);
            buffer = buffer[count..];
        }
        return true;
    }

    private async Task AnswerAsync(byte[] query, CancellationToken cancellationToken)
    {
        var response = ArrayPool<byte>.Shared.Rent(PrefixLength + DnsFront.MaxMessageLength);
        try
        {
            var length = await front
                .HandleAsync(query, DnsTransport.Tcp, response.AsMemory(PrefixLength), cancellationToken)
                .ConfigureAwait(false);
            if (length == 0)
                return;
            BinaryPrimitives.WriteUInt16BigEndian(response, (ushort)length);
            await WriteAsync(response.AsMemory(0, PrefixLength + length), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(response);
        }
    }

    private async Task WriteAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            while (!message.IsEmpty)
            {
                var free = await flow.GetWriteMemoryAsync(cancellationToken).ConfigureAwait(false);
                var count = Math.Min(free.Length, message.Length);
                message[..count].CopyTo(free);
                flow.AdvanceWrite(count);
                message = message[count..];
            }
        }
        finally
        {
            _writing.Release();
        }
    }
}
