using System.Text.Json;
using Telepresence.E2ETests.Netns;
using Telepresence.Sandbox;

namespace Telepresence.E2ETests.Session;

/// <summary>A sandbox as a user starts it, in the workstation's namespace.</summary>
internal sealed class SandboxProcess : IAsyncDisposable
{
    private const string EmulateOption = "--emulate";

    // The release that the whole run is against, where the test names none itself.
    private static readonly string? _release = Environment.GetEnvironmentVariable("TELEPRESENCE_TEST_EMULATE");

    private readonly ChildProcess _process;
    private readonly JsonElement _json;

    private SandboxProcess(ChildProcess process, JsonElement json)
    {
        _process = process;
        _json = json;
    }

    /// <summary>
    /// Services have addresses of one family only where the whole run is against a release before 2.22.5: its manager tells one
    /// service subnet.
    /// </summary>
    public static IReadOnlyList<int> ServiceFamilies => _release is "2.20" or "2.22" ? [0] : [0, 1];

    public string Kubeconfig => _json.GetProperty("kubeconfig").GetString()!;

    public Uri ApiServer => new(_json.GetProperty("apiServer").GetString()!);

    public string PageToken => _json.GetProperty("pageToken").GetString()!;

    /// <summary>A service's addresses, the first family first.</summary>
    public IReadOnlyList<string> Addresses(string service) =>
        [.. _json.GetProperty("services").GetProperty(service).EnumerateArray().Select(a => a.GetString()!)];

    /// <summary>Skips the calling test where services have no addresses of a family.</summary>
    /// <param name="family">Index in <see cref="Addresses"/>.</param>
    public static void RequireServiceFamily(int family) =>
        Skip.If(
            !ServiceFamilies.Contains(family),
            $"a manager of {_release} tells one service subnet, of the first family"
        );

    public static Task<SandboxProcess> StartAsync(Workstation workstation, params string[] arguments) =>
        StartAsync(workstation, workstation.Net, arguments);

    /// <param name="where">A cluster elsewhere: its API server is to listen on an address of that namespace.</param>
    public static async Task<SandboxProcess> StartAsync(
        Workstation workstation,
        NetworkNamespace where,
        params string[] arguments
    )
    {
        var state = workstation.NewFolder("sandbox");
        var process = ChildProcess.Start(
            where,
            [("HOME", workstation.Home)],
            "dotnet",
            [
                typeof(SandboxCluster).Assembly.Location,
                "start",
                "--json",
                "--state",
                state,
                .. _release is not { Length: > 0 } || arguments.Contains(EmulateOption)
                    ? Array.Empty<string>()
                    : [EmulateOption, _release],
                .. arguments,
            ]
        );
        var line = await process.WaitForLineAsync(line => line.StartsWith('{'));
        return workstation.Own(new SandboxProcess(process, JsonDocument.Parse(line).RootElement));
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
