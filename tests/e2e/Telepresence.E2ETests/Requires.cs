using System.Diagnostics;

namespace Telepresence.E2ETests;

/// <summary>
/// What a test needs of the machine. A test without it is skipped with that reason; names listed in
/// TELEPRESENCE_TEST_REQUIRE (comma separated) must be there, so that a missing one is a failure.
/// </summary>
/// <remarks>
/// <c>root</c> (may make namespaces and change networks), <c>tun</c> (/dev/net/tun opens), <c>netns</c> (a network
/// namespace can be made), <c>scapy</c> (for /usr/bin/python3), <c>cluster</c> (kubectl reaches the one of
/// TELEPRESENCE_TEST_KUBECONFIG); every other name is a program on PATH.
/// </remarks>
public static class Requires
{
    private const string Variable = "TELEPRESENCE_TEST_REQUIRE";
    private const string Kubeconfig = "TELEPRESENCE_TEST_KUBECONFIG";

    private static readonly Lazy<bool> _tun = new(TunOpens);
    private static readonly Lazy<bool> _netns = new(() => Succeeds("unshare", "--net", "true"));
    private static readonly Lazy<bool> _scapy = new(() => Succeeds("/usr/bin/python3", "-c", "import scapy"));
    private static readonly Lazy<bool> _cluster = new(ClusterAnswers);

    /// <summary>Skips or fails the calling test when one of them is missing.</summary>
    public static void All(params string[] needs)
    {
        var promised = (Environment.GetEnvironmentVariable(Variable) ?? "").Split(
            ',',
            StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries
        );
        foreach (var need in needs.Where(need => !Has(need)))
        {
            Assert.False(promised.Contains(need), $"{Variable} promises {need}, but this machine does not have it.");
            Skip.If(true, need == "cluster" ? $"{Kubeconfig} names no cluster that answers" : $"needs {need}");
        }
    }

    /// <summary>Full path of a program.</summary>
    public static string? Find(string program)
    {
        return (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Concat(["/usr/sbin", "/sbin"])
            .Select(directory => Path.Combine(directory, program))
            .FirstOrDefault(File.Exists);
    }

    private static bool Has(string need)
    {
        return need switch
        {
            "root" => Environment.IsPrivilegedProcess,
            "tun" => _tun.Value,
            "netns" => _netns.Value,
            "scapy" => _scapy.Value,
            "cluster" => _cluster.Value,
            _ => Find(need) is not null,
        };
    }

    private static bool TunOpens()
    {
        try
        {
            using var device = File.Open("/dev/net/tun", FileMode.Open, FileAccess.ReadWrite);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static bool ClusterAnswers() =>
        Environment.GetEnvironmentVariable(Kubeconfig) is { Length: > 0 } file
        && Succeeds("kubectl", $"--kubeconfig={file}", "--request-timeout=5s", "version");

    private static bool Succeeds(string program, params string[] arguments)
    {
        if (Find(program) is not { } path)
        {
            return false;
        }
        var start = new ProcessStartInfo(path, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
