using System.Diagnostics;
using System.Text.Json;

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

    /// <summary>Starts it and leaves it running.</summary>
    public static Process Start(params string[] arguments)
    {
        var assembly = typeof(Sandbox.Demo.DemoSteps).Assembly.Location;
        var start = new ProcessStartInfo("dotnet", [assembly, "demo", .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return Process.Start(start)!;
    }

    /// <summary>Runs it to its end.</summary>
    public static async Task<Run> RunAsync(params string[] arguments)
    {
        using var process = Start(arguments);
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
