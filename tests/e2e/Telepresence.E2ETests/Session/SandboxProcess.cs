using System.Text.Json;
using Telepresence.E2ETests.Netns;
using Telepresence.Sandbox;

namespace Telepresence.E2ETests.Session;

/// <summary>A sandbox as a user starts it, in the workstation's namespace.</summary>
internal sealed class SandboxProcess : IAsyncDisposable
{
    private readonly ChildProcess _process;
    private readonly JsonElement _json;

    private SandboxProcess(ChildProcess process, JsonElement json)
    {
        _process = process;
        _json = json;
    }

    public string Kubeconfig => _json.GetProperty("kubeconfig").GetString()!;

    public Uri ApiServer => new(_json.GetProperty("apiServer").GetString()!);

    public string PageToken => _json.GetProperty("pageToken").GetString()!;

    /// <summary>A service's addresses, the first family first.</summary>
    public IReadOnlyList<string> Addresses(string service) =>
        [.. _json.GetProperty("services").GetProperty(service).EnumerateArray().Select(a => a.GetString()!)];

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
            [typeof(SandboxCluster).Assembly.Location, "start", "--json", "--state", state, .. arguments]
        );
        var line = await process.WaitForLineAsync(line => line.StartsWith('{'));
        return workstation.Own(new SandboxProcess(process, JsonDocument.Parse(line).RootElement));
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
