using System.Runtime.InteropServices;
using System.Text;
using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Logs;
using Telepresence.Client.Objects;

namespace Telepresence.Client.Diagnostics;

/// <summary>
/// Collects what a fault is found by: versions, sessions, subnets, routes, rules, DNS, configuration, connections and the end of the
/// logs. What cannot be had is told in a text of its own; the rest is there.
/// </summary>
/// <param name="network">The engine with the sessions; null: none runs.</param>
/// <param name="any">An engine for the configuration.</param>
/// <param name="environment">Where logs are found; null: this process's.</param>
public sealed class DiagnosticExport(EngineClient? network, EngineClient any, Func<string, string?>? environment = null)
{
    private const int LogCharacters = 1 << 20;
    private const int Queries = 1000;
    private const string ResolvConf = "/etc/resolv.conf";

    private readonly StringBuilder _missing = new();

    /// <summary>Writes all of it.</summary>
    /// <param name="archive">Stays its owner's.</param>
    /// <param name="about">Versions that only the caller knows, by name.</param>
    /// <param name="cluster">Whose configuration.</param>
    /// <param name="progress">Told what is collected.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task WriteAsync(
        DiagnosticArchive archive,
        IReadOnlyDictionary<string, string> about,
        ClusterSelection cluster,
        Action<string>? progress,
        CancellationToken cancellationToken
    )
    {
        archive.Add("versions.txt", Versions(about));
        if (network is { } engine)
        {
            await AddAsync("sessions.json", () => engine.ListSessionsAsync(cancellationToken)).ConfigureAwait(false);
            await AddAsync("subnets.json", () => engine.SubnetsAsync(null, cancellationToken)).ConfigureAwait(false);
            await AddAsync("connections.json", () => engine.ConnectionsAsync(null, cancellationToken))
                .ConfigureAwait(false);
            await AddAsync("virtual-addresses.json", () => engine.VirtualAddressesAsync(null, cancellationToken))
                .ConfigureAwait(false);
            await AddAsync(
                    "dns-queries.json",
                    () => engine.DnsQueriesAsync(new DnsQueriesParameters(Last: Queries), cancellationToken)
                )
                .ConfigureAwait(false);
        }
        await AddAsync(
                "routes.json",
                () => any.RoutesAsync(new RoutesParameters(IncludeSystem: true), cancellationToken)
            )
            .ConfigureAwait(false);
        await AddAsync("rules.json", () => any.RulesAsync(cancellationToken)).ConfigureAwait(false);
        await AddAsync(
                "configuration.json",
                () => any.ConfigurationAsync(new ConfigurationParameters { Cluster = cluster }, cancellationToken)
            )
            .ConfigureAwait(false);
        if (OperatingSystem.IsLinux())
        {
            Add("resolv.conf", () => File.ReadAllText(ResolvConf));
        }
        foreach (var role in Enum.GetValues<EngineRole>())
        {
            var path = EngineLog.DefaultPath(role, environment);
            Add($"logs/{Path.GetFileName(path)}", () => new LogReader(role, path).Tail(LogCharacters));
        }
        if (_missing.Length > 0)
        {
            archive.Add("missing.txt", _missing.ToString());
        }

        async Task AddAsync<T>(string name, Func<Task<T>> ask)
        {
            progress?.Invoke(name);
            try
            {
                archive.Add(name, await ask().ConfigureAwait(false));
            }
            catch (TelepresenceException e)
            {
                _missing.Append($"{name}: {e.Id}: {e.Message}\n");
            }
        }

        void Add(string name, Func<string> read)
        {
            progress?.Invoke(name);
            try
            {
                archive.Add(name, read());
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                _missing.Append($"{name}: {e.Message}\n");
            }
        }
    }

    private static string Versions(IReadOnlyDictionary<string, string> about)
    {
        var text = new StringBuilder();
        foreach (var (name, value) in about)
        {
            text.Append($"{name}: {value}\n");
        }
        text.Append($"System: {RuntimeInformation.OSDescription} {RuntimeInformation.OSArchitecture}\n");
        text.Append($"Runtime: {RuntimeInformation.FrameworkDescription}\n");
        text.Append($"Time: {DateTime.UtcNow:u}\n");
        return text.ToString();
    }
}
