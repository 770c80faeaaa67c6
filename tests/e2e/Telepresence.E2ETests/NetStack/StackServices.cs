using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Telepresence.Engine.NetStack;

namespace Telepresence.E2ETests.NetStack;

/// <summary>What the stack's far side does in these tests, by destination port.</summary>
internal sealed class StackServices : IFlowHandler
{
    public const int Echo = 7;
    public const int Refused = 9;
    public const int Unreachable = 10;
    public const int Http = 80;

    /// <summary>Reads all, answers with the SHA-256.</summary>
    public const int Digest = 5001;

    /// <summary>As <see cref="Digest"/>, but begins to read only when <see cref="StartReading"/> is released.</summary>
    public const int LateDigest = 5002;

    /// <summary>Sends <see cref="BulkLength"/> bytes of <see cref="Pattern"/>.</summary>
    public const int Bulk = 5003;

    /// <summary>Reads until the connection fails, and tells by <see cref="Failures"/>.</summary>
    public const int Watched = 5004;

    /// <summary>Sends FIN at once and reads on; <see cref="Digests"/> tells what came.</summary>
    public const int CloseFirst = 5005;

    /// <summary>Its dial is pending until <see cref="AnswerDials"/> is released; then as <see cref="Echo"/>.</summary>
    public const int Pending = 5006;

    /// <summary>Reads to the end and never ends its own direction.</summary>
    public const int Hold = 5007;

    /// <summary>UDP: answers with as many bytes as the decimal number in the datagram.</summary>
    public const int Sized = 11;
    public const int BulkLength = 64 * 1024 * 1024;
    private readonly ConcurrentBag<Task> _tasks = [];
    private int _opened;

    public TaskCompletionSource StartReading { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    public TaskCompletionSource<Exception> Failures { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource AnswerDials { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>TCP flows that were offered so far.</summary>
    public int Opened => Volatile.Read(ref _opened);

    /// <summary>SHA-256 of what <see cref="CloseFirst"/> read, one a connection.</summary>
    public BlockingCollection<string> Digests { get; } = [];

    /// <summary>Repeats every 251 bytes, so that a misplaced block shows.</summary>
    public static byte[] Pattern { get; } = [.. Enumerable.Range(0, 251 * 512).Select(i => (byte)(i % 251))];

    public void OnTcpOpen(ITcpFlow flow)
    {
        Interlocked.Increment(ref _opened);
        _tasks.Add(Task.Run(() => ServeAsync(flow)));
    }

    public void OnUdpOpen(IUdpFlow flow) => _tasks.Add(Task.Run(() => ServeAsync(flow)));

    private static async Task ServeAsync(IUdpFlow flow)
    {
        if (flow.Endpoints.Destination.Port == Refused)
        {
            flow.Unreachable();
            return;
        }

        while (await flow.ReadAsync(default) is { } datagram)
        {
            flow.Send(
                flow.Endpoints.Destination.Port == Sized
                    ? new byte[int.Parse(datagram.Span, CultureInfo.InvariantCulture)]
                    : datagram.Span
            );
        }
    }

    private async Task ServeAsync(ITcpFlow flow)
    {
        try
        {
            switch (flow.Endpoints.Destination.Port)
            {
                case Refused:
                    flow.Refuse();
                    return;
                case Unreachable:
                    flow.Unreachable();
                    return;
                case Pending:
                    await AnswerDials.Task;
                    break;
            }

            flow.Accept();
            switch (flow.Endpoints.Destination.Port)
            {
                case Echo:
                case Pending:
                    await EchoAsync(flow);
                    break;
                case Http:
                    flow.AdvanceRead((await flow.ReadAsync(default)).Length);
                    await WriteAsync(flow, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nfrom the stack"u8.ToArray());
                    break;
                case LateDigest:
                    await StartReading.Task;
                    await DigestAsync(flow);
                    break;
                case Digest:
                    await DigestAsync(flow);
                    break;
                case CloseFirst:
                    flow.CompleteWrite();
                    Digests.Add(await ReadDigestAsync(flow));
                    break;
                case Hold:
                    await ReadDigestAsync(flow);
                    await flow.Closed;
                    break;
                case Bulk:
                    for (var left = BulkLength; left > 0; left -= Math.Min(left, Pattern.Length))
                    {
                        await WriteAsync(flow, Pattern.AsMemory(0, Math.Min(left, Pattern.Length)));
                    }

                    break;
                case Watched:
                    await DigestAsync(flow);
                    break;
            }

            flow.CompleteWrite();
            await flow.Closed;
        }
        catch (FlowAbortedException exception)
        {
            Failures.TrySetResult(exception);
        }
    }

    private static async Task EchoAsync(ITcpFlow flow)
    {
        while (await flow.ReadAsync(default) is { IsEmpty: false } bytes)
        {
            await WriteAsync(flow, bytes);
            flow.AdvanceRead(bytes.Length);
        }
    }

    private static async Task DigestAsync(ITcpFlow flow) =>
        await WriteAsync(flow, Encoding.ASCII.GetBytes(await ReadDigestAsync(flow)));

    private static async Task<string> ReadDigestAsync(ITcpFlow flow)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        while (await flow.ReadAsync(default) is { IsEmpty: false } bytes)
        {
            hash.AppendData(bytes.Span);
            flow.AdvanceRead(bytes.Length);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static async Task WriteAsync(ITcpFlow flow, ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var memory = await flow.GetWriteMemoryAsync(default);
            var count = Math.Min(memory.Length, bytes.Length);
            bytes[..count].CopyTo(memory);
            flow.AdvanceWrite(count);
            bytes = bytes[count..];
        }
    }
}
