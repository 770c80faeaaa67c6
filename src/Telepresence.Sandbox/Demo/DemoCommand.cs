using System.CommandLine;
using Telepresence.Sandbox.Demo.Isolation;
using Telepresence.Sandbox.Demo.Report;

namespace Telepresence.Sandbox.Demo;

/// <summary><c>demo</c> on the command line.</summary>
internal static class DemoCommand
{
    /// <summary>Exit code when a step failed.</summary>
    public const int StepFailed = 1;

    /// <summary>Exit code when the demo could not begin.</summary>
    public const int CannotRun = 2;

    /// <summary>Exit code after Ctrl+C, as shells have it.</summary>
    public const int Interrupted = 130;

    /// <summary>The command with its options.</summary>
    public static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "Print [{step, ok, ms, detail}] and nothing else." };
        var breakStep = new Option<string?>("--break")
        {
            Description = "Sabotage this step; the demo must fail there.",
        };
        breakStep.AcceptOnlyFromAmong([.. DemoSteps.Names]);
        var pwsh = new Option<bool>("--pwsh") { Description = "Drive it through the module in a pwsh." };
        var list = new Option<bool>("--list") { Description = "Print the names of the steps." };
        var inside = new Option<bool>(DemoOptions.InsideOption) { Hidden = true };
        var command = new Command("demo", "The main job from start to end, in network namespaces of its own.")
        {
            json,
            breakStep,
            pwsh,
            list,
            inside,
        };
        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                if (parsed.GetValue(list))
                {
                    await parsed
                        .InvocationConfiguration.Output.WriteLineAsync(string.Join('\n', DemoSteps.Names))
                        .ConfigureAwait(false);
                    return 0;
                }
                var options = new DemoOptions(parsed.GetValue(json), parsed.GetValue(breakStep), parsed.GetValue(pwsh));
                IDemoReport report = options.Json
                    ? new JsonReport(Console.Out)
                    : new ConsoleReport(ConsoleReport.CreateConsole());
                return await RunAsync(options, parsed.GetValue(inside), report, cancellationToken)
                    .ConfigureAwait(false);
            }
        );
        return command;
    }

    private static async Task<int> RunAsync(
        DemoOptions options,
        bool inside,
        IDemoReport report,
        CancellationToken cancellationToken
    )
    {
        try
        {
            if (!OperatingSystem.IsLinux())
            {
                throw new DemoException(
                    "PlatformNotYetSupported",
                    "The demo builds its networks with Linux's namespaces.",
                    "Run it on Linux, in WSL 2 or in a Linux virtual machine."
                );
            }
            if (!inside)
            {
                return await NamespaceLauncher.RunAsync(options, cancellationToken).ConfigureAwait(false);
            }
            using var parent = new ParentWatch(cancellationToken);
            return await DemoInside.RunAsync(options, report, parent.Token).ConfigureAwait(false) ? 0 : StepFailed;
        }
        catch (DemoException e)
        {
            report.Fail(e);
            return CannotRun;
        }
        catch (OperationCanceledException)
        {
            return Interrupted;
        }
    }
}
