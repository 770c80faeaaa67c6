using System.Diagnostics;
using System.Text;
using System.Threading.Channels;
using Telepresence.E2ETests.Netns;

namespace Telepresence.E2ETests.Session;

/// <summary>A long-running program in a namespace: its lines as they come, and an end by pid.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    public static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    private readonly Process _process;
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();
    private readonly List<string> _output = [];
    private readonly StringBuilder _error = new();
    private readonly Task _reading;

    private ChildProcess(Process process)
    {
        _process = process;
        _reading = Task.WhenAll(ReadOutputAsync(), ReadErrorAsync());
    }

    /// <summary>ip(8) and env(1) replace themselves by the program, so it is the program's own.</summary>
    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    /// <summary>Every line so far.</summary>
    public IReadOnlyList<string> Output
    {
        get
        {
            lock (_output)
                return [.. _output];
        }
    }

    public static ChildProcess Start(
        NetworkNamespace net,
        IEnumerable<(string Name, string Value)> environment,
        string program,
        params string[] arguments
    ) => new(net.Start("env", [.. environment.Select(e => $"{e.Name}={e.Value}"), program, .. arguments]));

    /// <summary>Waits for the first line that fits; lines before it are passed over.</summary>
    public async Task<string> WaitForLineAsync(Func<string, bool> fits)
    {
        using var bound = new CancellationTokenSource(Deadline);
        await foreach (var line in _lines.Reader.ReadAllAsync(bound.Token))
        {
            if (fits(line))
                return line;
        }
        throw new InvalidOperationException($"it ended: {Error}{string.Join('\n', Output)}");
    }

    /// <summary>What it wrote on its error stream so far.</summary>
    public string Error
    {
        get
        {
            lock (_error)
                return _error.ToString();
        }
    }

    public async Task WaitForExitAsync(TimeSpan? deadline = null)
    {
        using var bound = new CancellationTokenSource(deadline ?? Deadline);
        await _process.WaitForExitAsync(bound.Token);
        await _reading.WaitAsync(bound.Token);
    }

    /// <summary>Sends the signal and waits for the end.</summary>
    public async Task EndAsync(string signal = "TERM")
    {
        if (!_process.HasExited)
        {
            using var kill = Process.Start("kill", [$"-{signal}", $"{Id}"]);
            await kill.WaitForExitAsync();
        }
        await WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            await EndAsync("KILL");
        _process.Dispose();
    }

    private async Task ReadOutputAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            lock (_output)
                _output.Add(line);
            _lines.Writer.TryWrite(line);
        }
        _lines.Writer.Complete();
    }

    private async Task ReadErrorAsync()
    {
        while (await _process.StandardError.ReadLineAsync() is { } line)
        {
            lock (_error)
                _error.AppendLine(line);
        }
    }
}
