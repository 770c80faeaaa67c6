using System.Globalization;
using System.Text.Json;

namespace Telepresence.Peers.Lab;

/// <summary>One way from a workstation to the load server.</summary>
/// <param name="Name">As in the report.</param>
/// <param name="Workstation">The namespace of its clients.</param>
/// <param name="Address">Of the load server, on this way.</param>
/// <param name="Traffic">What it carries.</param>
internal sealed record Column(string Name, string Workstation, string Address, Traffic Traffic) : IAsyncDisposable
{
    private readonly RunningProgram _client = new(
        Network.Start(Workstation, Isolation.Dotnet, [Isolation.OwnAssembly, "load-client"])
    );

    /// <summary>Where the load server counts datagrams for this way: over the raw wire, where there is one.</summary>
    public string Far { get; init; } = Address;

    /// <summary>Of the column's iperf3 server.</summary>
    public int BulkPort { get; init; }

    /// <summary>Every name of one label more has an address in the cluster; null: there is no such domain.</summary>
    public string? Zone { get; init; }

    /// <summary>A name that has an address in the cluster; null: the way has no names.</summary>
    public string? KnownName
    {
        get => field ?? (Zone is null ? null : $"known.{Zone}");
        init;
    }

    /// <summary>Null: nothing of ours is on the way.</summary>
    public RunningEngine? Engine { get; set; }

    /// <summary>Other programs that make the way, on the workstation; they end with the column.</summary>
    public IReadOnlyList<RunningProgram> Programs { get; init; } = [];

    /// <summary>Processor time so far of what makes the way on the workstation, in seconds; null: that is the kernel.</summary>
    public double? ProcessorTime =>
        Engine is not null ? Engine.ProcessorTime
        : Programs.Count > 0 ? Programs.Sum(p => p.ProcessorTime)
        : null;

    public bool Carries(Traffic traffic) => Traffic.HasFlag(traffic);

    /// <summary>Asks the load client.</summary>
    /// <exception cref="IOException">The measurement failed.</exception>
    public async Task<Dictionary<string, double>> MeasureAsync(params object[] words)
    {
        var line = string.Join(' ', words.Select(w => Convert.ToString(w, CultureInfo.InvariantCulture)));
        var answer = await _client.AskAsync(line).ConfigureAwait(false);
        return answer.StartsWith("error", StringComparison.Ordinal)
            ? throw new IOException(answer)
            : JsonSerializer.Deserialize<Dictionary<string, double>>(answer)!;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        if (Engine is not null)
        {
            await Engine.DisposeAsync().ConfigureAwait(false);
        }
        foreach (var program in Programs)
        {
            program.Dispose();
        }
    }
}
