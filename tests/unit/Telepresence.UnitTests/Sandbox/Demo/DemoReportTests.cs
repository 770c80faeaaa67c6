using Spectre.Console;
using Telepresence.Sandbox.Demo;
using Telepresence.Sandbox.Demo.Report;

namespace Telepresence.UnitTests.Sandbox.Demo;

public sealed class DemoReportTests
{
    private static readonly IDemoStep _step = DemoSteps.Create()[0];

    [Fact]
    public void Json_is_one_array_of_step_ok_ms_detail()
    {
        var output = new StringWriter();
        var report = new JsonReport(output);
        report.Open(new DemoOptions(true, null, false));
        report.Begin(_step);
        report.End(_step, new StepResult("sandbox", true, 12, "a → b"), []);
        report.Close(TimeSpan.Zero);

        Assert.Equal("""[{"step":"sandbox","ok":true,"ms":12,"detail":"a → b"}]""", output.ToString().Trim());
    }

    [Fact]
    public void Json_says_what_kept_the_demo_from_starting()
    {
        var output = new StringWriter();
        new JsonReport(output).Fail(new DemoException("TunUnavailable", "There is no TUN.", "Load it."));

        Assert.Equal(
            """[{"step":"setup","ok":false,"ms":0,"detail":"TunUnavailable: There is no TUN. Load it."}]""",
            output.ToString().Trim()
        );
    }

    [Fact]
    public void Text_never_exceeds_its_width_and_shows_markup_as_it_is()
    {
        var output = new StringWriter();
        var console = AnsiConsole.Create(
            new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(output) }
        );
        console.Profile.Width = 100;
        var report = new ConsoleReport(console);
        report.Open(new DemoOptions(false, "sandbox", false));
        report.Begin(_step);
        var longLine = $"[bold]{new string('x', 300)}";
        report.End(
            _step,
            new StepResult("sandbox", false, 123_456, longLine),
            [new Evidence(longLine, "exit 1", longLine), new Evidence(null, null, longLine)]
        );
        report.Close(TimeSpan.FromSeconds(1));

        var lines = output.ToString().Split('\n');
        Assert.All(lines, line => Assert.InRange(line.TrimEnd('\r').Length, 0, 100));
        Assert.Contains(lines, line => line.Contains("$ [bold]x", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("exit 1", StringComparison.Ordinal));
    }

    [Fact]
    public void A_command_line_can_be_pasted_into_a_shell()
    {
        Assert.Equal(
            """curl -sS 'it'\''s' '*' http://web.demo/token""",
            ForeignProgram.CommandLineOf("curl", ["-sS", "it's", "*", "http://web.demo/token"])
        );
    }
}
