using System.Globalization;
using System.Text.Json;

namespace Telepresence.Peers.Lab;

/// <summary>One way from a workstation to the load server.</summary>
/// <param name="Name">As in the report.</param>
/// <param name="Client">Its load client.</param>
/// <param name="Address">Of the load server, on this way.</param>
/// <param name="DnsName">A name that its name server knows.</param>
internal sealed record Column(string Name, RunningProgram Client, string Address, string DnsName) : IAsyncDisposable
{
    /// <summary>Null: nothing of ours is on the way.</summary>
    public RunningEngine? Engine { get; set; }

    /// <summary>The far end of the raw wire, which serves as name server and for control.</summary>
    public string Far => Network.FarAddress(Name);

    /// <summary>Asks the load client.</summary>
    /// <exception cref="IOException">The measurement failed.</exception>
    public async Task<Dictionary<string, double>> MeasureAsync(params object[] words)
    {
        var line = string.Join(' ', words.Select(w => Convert.ToString(w, CultureInfo.InvariantCulture)));
        var answer = await Client.AskAsync(line).ConfigureAwait(false);
        return answer.StartsWith("error", StringComparison.Ordinal)
            ? throw new IOException(answer)
            : JsonSerializer.Deserialize<Dictionary<string, double>>(answer)!;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (Engine is not null)
        {
            await Engine.DisposeAsync().ConfigureAwait(false);
        }
    }
}
