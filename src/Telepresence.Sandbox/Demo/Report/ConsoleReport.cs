using Spectre.Console;
using Telepresence.Sandbox.Demo.Vpn;

namespace Telepresence.Sandbox.Demo.Report;

/// <summary>The steps in colour, one after the other, each with its witness.</summary>
internal sealed class ConsoleReport : IDemoReport
{
    private const int MaximumWidth = 100;
    private const int MinimumWidth = 60;

    /// <summary>Number, mark and name of a step.</summary>
    private const int HeadWidth = 17;

    private readonly IAnsiConsole _console;
    private int _number;
    private int _failed;

    public ConsoleReport(IAnsiConsole console) => _console = console;

    private int Width => _console.Profile.Width;

    /// <summary>Colours on a terminal only; never wider than 100 columns.</summary>
    public static IAnsiConsole CreateConsole()
    {
        // Spectre itself asks TERM only, and would write escape sequences into files.
        var plain = Console.IsOutputRedirected || Environment.GetEnvironmentVariable("NO_COLOR") is { Length: > 0 };
        var console = AnsiConsole.Create(
            new AnsiConsoleSettings
            {
                Ansi = plain ? AnsiSupport.No : AnsiSupport.Detect,
                ColorSystem = plain ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
            }
        );
        console.Profile.Width = Console.IsOutputRedirected
            ? MaximumWidth
            : Math.Clamp(console.Profile.Width, MinimumWidth, MaximumWidth);
        return console;
    }

    /// <inheritdoc/>
    public void Open(DemoOptions options)
    {
        _console.Write(new Rule("[bold]Telepresence for PowerShell[/]").LeftJustified().RuleStyle("grey"));
        _console.MarkupLine(
            $"[grey]An embedded cluster, and a VPN that claims {VpnPlan.Prefix} on {VpnPlan.Interface}, in namespaces of their own.[/]"
        );
        if (options.Break is not null)
        {
            _console.MarkupLine($"[yellow]Step {Markup.Escape(options.Break)} is sabotaged and must fail.[/]");
        }
    }

    /// <inheritdoc/>
    public void Begin(IDemoStep step) => _number++;

    /// <inheritdoc/>
    public void End(IDemoStep step, StepResult result, IReadOnlyList<Evidence> evidence)
    {
        var (mark, colour) = result.Ok ? ("✔", "green") : ("✘", "red");
        var time = $"{result.Ms} ms";
        var title = Fit(step.Title, Width - HeadWidth - time.Length - 1).PadRight(Width - HeadWidth - time.Length);
        _console.MarkupLine(
            $"[grey]{_number, 2}[/] [{colour}]{mark}[/] [bold]{step.Name, -12}[/]{Markup.Escape(title)}[grey]{time}[/]"
        );
        foreach (var item in evidence)
        {
            Write(item);
        }
        if (!result.Ok)
        {
            _failed++;
            _console.Write(new Padder(new Text(result.Detail, new Style(Color.Red))).Padding(6, 0, 0, 0));
        }
    }

    /// <inheritdoc/>
    public void Fail(DemoException error)
    {
        _console.MarkupLine($"[red]{error.Id}[/]: {Markup.Escape(error.Message)}");
        _console.MarkupLine($"[yellow]Next:[/] {Markup.Escape(error.NextStep)}");
    }

    /// <inheritdoc/>
    public void Close(TimeSpan elapsed)
    {
        _console.MarkupLine(
            _failed == 0
                ? $"[green]All {_number} steps held[/] [grey]in {elapsed.TotalSeconds:0.0} s; nothing is left behind.[/]"
                : $"[red]Step {_number} failed[/] [grey]after {elapsed.TotalSeconds:0.0} s.[/]"
        );
    }

    private void Write(Evidence item)
    {
        if (item.CommandLine is null)
        {
            _console.MarkupLine($"      [blue]{Markup.Escape(Fit(item.Line, Width - 6))}[/]");
            return;
        }
        _console.MarkupLine($"      [grey]$[/] {Markup.Escape(Fit(item.CommandLine, Width - 8))}");
        var line = Fit(item.Line, Width - 11 - item.Status!.Length);
        _console.MarkupLine($"        [grey]{item.Status} │[/] {Markup.Escape(line)}");
    }

    private static string Fit(string text, int width)
    {
        var plain = string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));
        return plain.Length <= width ? plain : string.Concat(plain.AsSpan(0, Math.Max(0, width - 1)), "…");
    }
}
