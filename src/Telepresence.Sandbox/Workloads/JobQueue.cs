using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Telepresence.Sandbox.Workloads;

/// <summary>
/// A queue over TCP, a line at a time: <c>PUSH job</c> is answered <c>OK</c>, <c>POP</c> the next job when there is one,
/// <c>DONE worker job</c> <c>OK</c>, <c>WAIT</c> the next that was done, as <c>worker job</c>.
/// </summary>
internal sealed class JobQueue : IAsyncDisposable
{
    private const int MaxJobs = 1024;

    private readonly Channel<string> _jobs = Channel.CreateBounded<string>(MaxJobs);
    private readonly Channel<string> _done = Channel.CreateBounded<string>(
        new BoundedChannelOptions(MaxJobs) { FullMode = BoundedChannelFullMode.DropOldest }
    );
    private readonly TcpWorkload _tcp;

    public JobQueue() => _tcp = new TcpWorkload(ServeAsync);

    public IPEndPoint EndPoint => _tcp.EndPoint;

    public ValueTask DisposeAsync() => _tcp.DisposeAsync();

    private async Task ServeAsync(Socket socket, CancellationToken cancellationToken)
    {
        var stream = new NetworkStream(socket, ownsSocket: false);
        await using (stream.ConfigureAwait(false))
        {
            using var reader = new StreamReader(stream);
            var writer = new StreamWriter(stream) { AutoFlush = true, NewLine = "\n" };
            await using (writer.ConfigureAwait(false))
            {
                while (await reader.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } line)
                {
                    using var asked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                    var gone = WatchAsync(socket, asked);
                    var answer = await AnswerAsync(line, asked.Token).ConfigureAwait(false);
                    await asked.CancelAsync().ConfigureAwait(false);
                    await gone.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    await writer.WriteLineAsync(answer.AsMemory(), cancellationToken).ConfigureAwait(false);
                }
            }
        }
    }

    /// <summary>A worker that is gone must not take a job with it.</summary>
    private static async Task WatchAsync(Socket socket, CancellationTokenSource asked)
    {
        var received = await socket
            .ReceiveAsync(new byte[1].AsMemory(), SocketFlags.Peek, asked.Token)
            .ConfigureAwait(false);
        if (received == 0)
        {
            await asked.CancelAsync().ConfigureAwait(false);
        }
    }

    private async ValueTask<string> AnswerAsync(string line, CancellationToken cancellationToken)
    {
        var (word, rest) = line.IndexOf(' ', StringComparison.Ordinal) is > 0 and var space
            ? (line[..space], line[(space + 1)..])
            : (line, "");
        switch (word)
        {
            case "PUSH":
                return _jobs.Writer.TryWrite(rest) ? "OK" : "FULL";
            case "POP":
                return await _jobs.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            case "DONE":
                _done.Writer.TryWrite(rest);
                return "OK";
            case "WAIT":
                return await _done.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            default:
                return "UNKNOWN";
        }
    }
}
