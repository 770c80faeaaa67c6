using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Telepresence.Client.Contract;
using Xunit.Abstractions;

namespace Telepresence.E2ETests.Session;

/// <summary>
/// Bulk transfer while packets between kernel and engine are dropped, reordered and doubled; without offloads, so that
/// single packets are hit. TELEPRESENCE_TEST_FULL=1 sends 1 GiB each way.
/// </summary>
[Collection(OneAfterAnother.Name)]
public sealed class BadLinkTests(ITestOutputHelper output)
{
    private const long Gibibyte = 1L << 30;
    private const long Ordinary = 48L << 20;
    private static readonly TimeSpan _deadline = TimeSpan.FromMinutes(30);

    private static long Size =>
        Environment.GetEnvironmentVariable("TELEPRESENCE_TEST_FULL") == "1" ? Gibibyte : Ordinary;

    /// <summary>A fault hits one packet of a hundred; and, harder, one packet of a hundred for each kind.</summary>
    [SkippableTheory]
    [InlineData("0.0034,0.0033,0.0033")]
    [InlineData("0.01,0.01,0.01")]
    public async Task A_bulk_transfer_arrives_unharmed_both_ways(string impairments)
    {
        Workstation.RequireTools("sha256sum");
        await using var workstation = await Workstation.StartAsync();
        var report = Path.Combine(workstation.Folder, "impairments.json");
        var file = Path.Combine(workstation.Folder, "bulk");
        var sandbox = await SandboxProcess.StartAsync(workstation);
        var engine = await EngineProcess.StartAsync(
            workstation,
            ("TEST_ENGINE_IMPAIR", impairments),
            ("TEST_ENGINE_REPORT", report)
        );
        await engine.ConnectAsync(sandbox, new SubnetSelection());

        await CurlAsync(workstation, "down", $"http://web.demo/bytes?n={Size}&seed=5", "-o", file);
        var received = workstation.Run("sha256sum", file).Require().Split(' ')[0];
        Assert.Equal(received, workstation.Curl($"http://web.demo/sha256?n={Size}&seed=5").Trim());
        Assert.Equal(received, (await CurlAsync(workstation, "up", "http://web.demo/sha256", "-T", file)).Trim());

        await engine.EndAsync();
        var counts = JsonDocument.Parse(await File.ReadAllTextAsync(report)).RootElement;
        output.WriteLine(counts.GetRawText());
        foreach (var kind in (string[])["dropped", "reordered", "duplicated"])
            Assert.True(counts.GetProperty(kind).GetInt64() > 10, $"nothing was {kind}");
    }

    private async Task<string> CurlAsync(Workstation workstation, string way, string url, params string[] more)
    {
        var began = Stopwatch.GetTimestamp();
        await using var curl = ChildProcess.Start(
            workstation.Net,
            [],
            "curl",
            ["-sS", "--fail", "--noproxy", "*", "-w", "\nmean %{speed_download} %{speed_upload}\n", .. more, url]
        );
        await curl.WaitForExitAsync(_deadline);
        Assert.True(curl.ExitCode == 0, curl.Error);
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        output.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{way}: {Size} bytes in {seconds:F1} s, {Size * 8 / seconds / 1e6:F0} Mbit/s"
            )
        );
        return curl.Output[0];
    }
}
