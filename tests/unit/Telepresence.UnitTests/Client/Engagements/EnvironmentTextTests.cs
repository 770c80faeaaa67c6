using System.Diagnostics;
using System.Text.Json;
using Telepresence.Client.Engagements;
using Telepresence.Client.Errors;
using Telepresence.E2ETests;

namespace Telepresence.UnitTests.Client.Engagements;

/// <summary>What is written is read back by the programs that it is written for.</summary>
public sealed class EnvironmentTextTests : IDisposable
{
    /// <summary>Everything that any of the readers takes for something else.</summary>
    private static readonly Dictionary<string, string> _environment = new()
    {
        ["PLAIN"] = "a-b_c.d/e:f@g%h+i,j=k",
        ["EMPTY"] = "",
        ["SPACES"] = " two  words ",
        ["QUOTES"] = "it's \"quoted\" `ls` ''",
        ["DOLLARS"] = "$HOME ${PATH} $(ls) $$",
        ["BACKSLASHES"] = @"\a \\ \n \' \",
        ["BANG"] = @"!! !x \! a!",
        ["OPERATORS"] = "a & b | c > d < e ; f # g * ? [x] {y} ~ ^ (z)",
        ["TYPOGRAPHIC"] = "\u2018a\u2019 \u201ab\u201b \u201cc\u201d",
        ["UNICODE"] = "Grüße, 世界 🎉",
        ["TAB"] = "a\tb",
        ["PERCENT"] = "100% %PATH%",
    };

    private static readonly Dictionary<string, string> _lines = new(_environment)
    {
        ["LINES"] = "one\ntwo 'three'\n\nfour!\n",
    };

    private readonly string _directory = Directory.CreateTempSubdirectory("tp-environment-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [SkippableTheory]
    [InlineData("sh", EnvironmentSyntax.ShExport, "")]
    [InlineData("sh", EnvironmentSyntax.Sh, "set -a;")]
    [InlineData("bash", EnvironmentSyntax.ShExport, "set -H;")]
    public void A_posix_shell_reads_every_value_back(string shell, EnvironmentSyntax syntax, string before) =>
        AssertReadBack(
            _lines,
            Run(shell, "-c", $"{before} . \"$1\"; shift; exec \"$@\"", shell, Written(_lines, syntax), "env", "-0")
        );

    [SkippableFact]
    public void A_csh_reads_every_value_back()
    {
        var script = Path.Combine(_directory, "read.csh");
        File.WriteAllText(script, $"source {Written(_lines, EnvironmentSyntax.CshExport)}\nexec env -0\n");
        AssertReadBack(_lines, Run("csh", "-f", script));
    }

    [SkippableFact]
    public void Variables_of_a_csh_are_read_back()
    {
        var script = Path.Combine(_directory, "read.csh");
        var names = string.Concat(_environment.Keys.Order().Select(n => $"printf '%s=%s\\000' {n} ${n}:q\n"));
        File.WriteAllText(script, $"source {Written(_environment, EnvironmentSyntax.Csh)}\n{names}");
        AssertReadBack(_environment, Run("csh", "-f", script));
    }

    [SkippableFact]
    public void PowerShell_reads_every_value_back()
    {
        // An empty value removes a variable there, so it is looked at as what it reads as.
        var path = Written(_lines, EnvironmentSyntax.PowerShell, "read.ps1");
        var show =
            ". $args[0]; "
            + string.Concat(_lines.Keys.Order().Select(n => $"[Console]::Write(\"{n}=$($Env:{n})`0\");"));
        AssertReadBack(_lines, Run("pwsh", "-NoProfile", "-NonInteractive", "-Command", $"& {{ {show} }} '{path}'"));
    }

    [SkippableFact]
    public void PowerShell_parses_the_form_for_good()
    {
        // It would change the user's environment on Windows, and does nothing elsewhere: only its arguments are looked at.
        var path = Written(_lines, EnvironmentSyntax.PowerShellExport, "read.ps1");
        var show =
            "$ast = [Management.Automation.Language.Parser]::ParseFile($args[0], [ref]$null, [ref]$null);"
            + "$ast.FindAll({ $args[0] -is [Management.Automation.Language.InvokeMemberExpressionAst] }, $true) | "
            + "ForEach-Object { [Console]::Write(\"$($_.Arguments[0].Value)=$($_.Arguments[1].Value)`0\") }";
        AssertReadBack(_lines, Run("pwsh", "-NoProfile", "-NonInteractive", "-Command", $"& {{ {show} }} '{path}'"));
    }

    [SkippableFact]
    public void Python_reads_the_json_back()
    {
        const string Show =
            "import json,sys;[sys.stdout.write(f'{k}={v}\\0') for k,v in json.load(open(sys.argv[1],encoding='utf-8')).items()]";
        AssertReadBack(_lines, Run("python3", "-c", Show, Written(_lines, EnvironmentSyntax.Json)));
        Assert.Equal(
            _lines.Count,
            JsonSerializer
                .Deserialize<Dictionary<string, string>>(
                    EnvironmentText.Write(_lines, EnvironmentSyntax.Json, out var leftOut)
                )!
                .Count
        );
        Assert.Empty(leftOut);
    }

    [Fact]
    public void Docker_gets_values_as_they_are_by_name() =>
        Assert.Equal(
            "A=it's $5\nB=\nC.D=x y\n",
            EnvironmentText.Write(
                new Dictionary<string, string>
                {
                    ["C.D"] = "x y",
                    ["A"] = "it's $5",
                    ["B"] = "",
                },
                EnvironmentSyntax.Docker,
                out _
            )
        );

    [Theory]
    [InlineData("plain-1.2/3", "plain-1.2/3")]
    [InlineData("", "''")]
    [InlineData("$HOME #x", "'$HOME #x'")]
    [InlineData("it's", "\"it's\"")]
    [InlineData("it's $5 \"x\" \\", "\"it's \\$5 \\\"x\\\" \\\\\"")]
    [InlineData("a\nb", "\"a\\nb\"")]
    public void Compose_expands_nothing(string value, string written) =>
        Assert.Equal(
            $"K={written}\n",
            EnvironmentText.Write(new Dictionary<string, string> { ["K"] = value }, EnvironmentSyntax.Compose, out _)
        );

    [Theory]
    [InlineData("plain", "set \"K=plain\"")]
    [InlineData("a & b", "set \"K=a & b\"")]
    [InlineData("100% %PATH%", "set \"K=100%% %%PATH%%\"")]
    [InlineData("a\" & b", "set \"K=a\" ^& b\"")]
    [InlineData("a\"b\" & c", "set \"K=a\"b\" & c\"")]
    public void A_batch_file_runs_nothing_of_a_value(string value, string line) =>
        Assert.Equal(
            line + "\r\n",
            EnvironmentText.Write(new Dictionary<string, string> { ["K"] = value }, EnvironmentSyntax.Cmd, out _)
        );

    [Theory]
    [InlineData(EnvironmentSyntax.Docker)]
    [InlineData(EnvironmentSyntax.Cmd)]
    public void A_line_break_that_a_syntax_cannot_hold_is_an_error_that_names_the_variable(EnvironmentSyntax syntax)
    {
        var error = Assert.Throws<TelepresenceException>(() => EnvironmentText.Write(_lines, syntax, out _));
        Assert.Equal(nameof(ErrorId.EnvironmentNotWritable), error.Id);
        Assert.Contains("LINES", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_that_a_shell_does_not_take_are_left_out_and_told()
    {
        var environment = new Dictionary<string, string>
        {
            ["spring.port"] = "1",
            ["MY-NAME"] = "2",
            ["1ST"] = "3",
            ["OK_1"] = "4",
        };
        Assert.Equal("OK_1=4\n", EnvironmentText.Write(environment, EnvironmentSyntax.Sh, out var leftOut));
        Assert.Equal(["1ST", "MY-NAME", "spring.port"], leftOut);
        EnvironmentText.Write(environment, EnvironmentSyntax.PowerShell, out leftOut);
        Assert.Empty(leftOut);
    }

    [Fact]
    public void Every_name_of_a_syntax_is_read()
    {
        Assert.Equal(
            Enum.GetValues<EnvironmentSyntax>().Order(),
            EnvironmentText.SyntaxNames.Select(EnvironmentText.ParseSyntax).Order()
        );
        Assert.Equal(
            nameof(ErrorId.InvalidParameter),
            Assert.Throws<TelepresenceException>(() => EnvironmentText.ParseSyntax("fish")).Id
        );
    }

    private static void AssertReadBack(Dictionary<string, string> expected, string output)
    {
        var read = output
            .Split('\0', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split('=', 2))
            .ToDictionary(pair => pair[0], pair => pair[1]);
        foreach (var (name, value) in expected)
            Assert.Equal((name, value), (name, read.GetValueOrDefault(name)));
    }

    private string Written(
        Dictionary<string, string> environment,
        EnvironmentSyntax syntax,
        string name = "environment"
    )
    {
        var path = Path.Combine(_directory, name);
        File.WriteAllText(path, EnvironmentText.Write(environment, syntax, out var leftOut));
        Assert.Empty(leftOut);
        return path;
    }

    private static string Run(string program, params string[] arguments)
    {
        Requires.All(program);
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true };
        start.Environment["LC_ALL"] = "C.UTF-8";
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return output;
    }
}
