using System.Globalization;
using Telepresence.E2ETests.Session;

namespace Telepresence.E2ETests.Vpn;

/// <summary>A connection of a foreign program to an echo service of the cluster, in use all the time.</summary>
internal sealed class HeldConnection : IAsyncDisposable
{
    private readonly ChildProcess _process;

    private HeldConnection(ChildProcess process) => _process = process;

    public static async Task<HeldConnection> OpenAsync(Workstation workstation, string address)
    {
        var held = new HeldConnection(
            ChildProcess.Start(workstation.Net, [], Workstation.Python, ["-c", PythonScripts.KeepAsking, address, "7"])
        );
        await held.AssertGoesOnAsync();
        return held;
    }

    /// <summary>A question that is asked after this call is answered.</summary>
    public async Task AssertGoesOnAsync()
    {
        // The answer to the one that is under way may have been on its way before.
        var enough = _process.Output.Count + 2;
        await _process.WaitForLineAsync(line =>
            int.TryParse(line, CultureInfo.InvariantCulture, out var number)
                ? number >= enough
                : throw new InvalidOperationException($"the connection ended: {line}")
        );
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
