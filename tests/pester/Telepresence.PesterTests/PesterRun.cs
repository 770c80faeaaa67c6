using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;

namespace Telepresence.PesterTests;

/// <summary>One run of pwsh over all suites, in a network and process namespace of its own where that is allowed.</summary>
public sealed class PesterRun : IDisposable
{
    private static readonly TimeSpan _deadline = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(1);

    /// <summary>The process namespace ends whatever a test left running, with the namespace's first process.</summary>
    private static readonly string[] _isolation =
    [
        "unshare",
        "--net",
        "--pid",
        "--fork",
        "--mount-proc",
        "--kill-child",
        "sh",
        "-c",
    ];
    private static readonly JsonSerializerOptions _json = new(JsonSerializerDefaults.Web);
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("tp-pester-");

    public PesterRun()
    {
        SkipReason = Missing("pwsh", MissingPwsh());
        if (SkipReason is not null)
        {
            return;
        }
        NoNetworkReason = MissingForNetwork();
        var results = Path.Combine(_directory.FullName, "results.jsonl");
        Output = Run(Command(results), _deadline);
        Results = File.Exists(results)
            ? [.. File.ReadLines(results).Select(line => JsonSerializer.Deserialize<PesterResult>(line, _json)!)]
            : [];
    }

    /// <summary>Null: the suites ran.</summary>
    public string? SkipReason { get; }

    /// <summary>Why those that change routes did not run; null: they did.</summary>
    public string? NoNetworkReason { get; }

    /// <summary>What pwsh said.</summary>
    public string Output { get; } = "";

    /// <summary>One entry for each It; for an It with -ForEach, one for each case.</summary>
    public IReadOnlyList<PesterResult> Results { get; } = [];

    public void Dispose() => _directory.Delete(recursive: true);

    private static string? MissingPwsh()
    {
        try
        {
            var version = Run(
                ["pwsh", "-NoProfile", "-Command", "(Get-Module -ListAvailable Pester).Version.Major -ge 5"],
                TimeSpan.FromMinutes(1)
            );
            return version.Length > 0 ? null : "pwsh has no Pester 5";
        }
        catch (Win32Exception)
        {
            return "there is no pwsh on the PATH";
        }
    }

    private static string? MissingForNetwork() =>
        Missing(
            "root",
            OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess
                ? null
                : "needs a network namespace of its own: run as root on Linux"
        )
        ?? Missing("tun", File.Exists("/dev/net/tun") ? null : "there is no /dev/net/tun")
        ?? MissingProgram("ip", ["ip", "-V"])
        ?? MissingProgram("curl", ["curl", "--version"])
        ?? Missing(
            "netns",
            Run([.. _isolation, "echo made"], _patience) is var said && said.Trim() == "made"
                ? null
                : $"no namespace can be made: {said}"
        );

    private static string? MissingProgram(string name, string[] command)
    {
        try
        {
            Run(command, _patience);
            return null;
        }
        catch (Win32Exception)
        {
            return Missing(name, $"there is no {name} on the PATH");
        }
    }

    /// <summary>The reason, unless what is missing was promised: that is a failure.</summary>
    private static string? Missing(string need, string? reason)
    {
        var promised = (Environment.GetEnvironmentVariable("TELEPRESENCE_TEST_REQUIRE") ?? "").Split(',');
        Assert.False(
            reason is not null && promised.Contains(need),
            $"TELEPRESENCE_TEST_REQUIRE names {need}: {reason}"
        );
        return reason;
    }

    private string[] Command(string results)
    {
        string[] pwsh =
        [
            "pwsh",
            "-NoProfile",
            "-NonInteractive",
            "-File",
            Path.Combine(PesterDiscovery.Repository, "tests", "pester", "run.ps1"),
            "-Output",
            results,
        ];
        return NoNetworkReason is null
            ? [.. _isolation, "ip link set lo up && TELEPRESENCE_TEST_NAMESPACE=1 exec \"$@\"", "sh", .. pwsh]
            : [.. pwsh, "-ExcludeTag", "Network"];
    }

    private static string Run(string[] command, TimeSpan deadline)
    {
        var root = PesterDiscovery.Repository;
        var configuration = PesterDiscovery.Configuration;
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = root,
        };
        start.Environment["TELEPRESENCE_MODULE"] = Path.Combine(
            root,
            "module",
            "bin",
            configuration,
            "Telepresence",
            "Telepresence.psd1"
        );
        start.Environment["TELEPRESENCE_FAKE_ENGINE"] = Path.Combine(
            root,
            "tests/pester/Telepresence.FakeEngine/bin",
            configuration,
            "net10.0",
            "Telepresence.FakeEngine.dll"
        );
        start.Environment["TELEPRESENCE_MODULE_BUILDER"] = Path.Combine(
            root,
            "build/Telepresence.ModuleBuilder/bin",
            configuration,
            "net10.0",
            "Telepresence.ModuleBuilder.dll"
        );
        start.Environment["TELEPRESENCE_VERSION"] = PesterDiscovery.Version;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(deadline))
        {
            process.Kill(entireProcessTree: true);
        }
        process.WaitForExit();
        return output.GetAwaiter().GetResult() + errors.GetAwaiter().GetResult();
    }
}

/// <summary>What became of an It.</summary>
public sealed record PesterResult(string File, string Name, string Result, string Message);
