using System.Diagnostics;
using System.Text.Json;
using Telepresence.Sandbox.Demo;

namespace Telepresence.E2ETests.Demo;

/// <summary>The demo as a user starts it, in a process of its own.</summary>
internal static class DemoProcess
{
    private static readonly TimeSpan _deadline = TimeSpan.FromMinutes(2);

    /// <summary>An element of the demo's JSON.</summary>
    public sealed record Step(string Name, bool Ok, long Milliseconds, string Detail);

    /// <summary>How a run ended.</summary>
    public sealed record Run(int ExitCode, string Output, string Error)
    {
        /// <summary>The JSON, checked to be exactly that shape.</summary>
        public IReadOnlyList<Step> Steps()
        {
            using var json = JsonDocument.Parse(Output);
            return [.. json.RootElement.EnumerateArray().Select(Parse)];
        }

        private static Step Parse(JsonElement element)
        {
            Assert.Equal(["step", "ok", "ms", "detail"], element.EnumerateObject().Select(property => property.Name));
            return new Step(
                element.GetProperty("step").GetString()!,
                element.GetProperty("ok").GetBoolean(),
                element.GetProperty("ms").GetInt64(),
                element.GetProperty("detail").GetString()!
            );
        }
    }

    private static string Assembly => typeof(DemoSteps).Assembly.Location;

    /// <summary>Starts it and leaves it running.</summary>
    public static Process Start(params string[] arguments) => StartProgram("dotnet", [Assembly, "demo", .. arguments]);

    /// <summary>Runs it to its end.</summary>
    public static async Task<Run> RunAsync(params string[] arguments) => await FinishAsync(Start(arguments));

    /// <summary>
    /// Runs it as uid 1000 on a machine that differs in a private mount namespace only: /mnt/tun is its /dev/net/tun.
    /// </summary>
    /// <param name="preparation">Shell commands that run before as root.</param>
    public static async Task<Run> RunAsOrdinaryUserAsync(string preparation, params string[] arguments)
    {
        const string user = "exec setpriv --reuid 1000 --regid 1000 --clear-groups env HOME=/tmp";
        var readable = await FinishAsync(StartProgram("sh", ["-c", $"{user} test -r {Assembly}"]));
        Skip.If(readable.ExitCode != 0, "needs a build that other users may read");
        var script =
            $"set -e; mount -t tmpfs none /mnt; mknod /mnt/tun c 10 200; {preparation}; "
            + $"mount --bind /mnt/tun /dev/net/tun; {user} \"$@\"";
        return await FinishAsync(
            StartProgram("unshare", ["--mount", "sh", "-c", script, "sh", "dotnet", Assembly, "demo", .. arguments])
        );
    }

    private static Process StartProgram(string name, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(name, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return Process.Start(start)!;
    }

    private static async Task<Run> FinishAsync(Process started)
    {
        using var process = started;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        using var deadline = new CancellationTokenSource(_deadline);
        try
        {
            await process.WaitForExitAsync(deadline.Token);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
        return new Run(process.ExitCode, await output, await error);
    }
}
