using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Telepresence.Client.Errors;
using Telepresence.Engine.Dns.Resolved;

namespace Telepresence.Engine.Dns;

/// <summary>Chooses how name queries are brought to the engine, and says why (DESIGN §6).</summary>
internal static partial class DnsPlumbing
{
    private static readonly TimeSpan BusTimeout = TimeSpan.FromSeconds(5);

    /// <exception cref="TelepresenceException">DnsUnavailable or PlatformNotYetSupported.</exception>
    public static async Task<IDnsPlumbing> ChooseAsync(
        DnsEnvironment environment,
        ILogger logger,
        CancellationToken cancellationToken
    )
    {
        if (!OperatingSystem.IsLinux())
        {
            throw ErrorCatalogue.Error(
                ErrorId.PlatformNotYetSupported,
                null,
                ("feature", "DNS"),
                ("platform", Environment.OSVersion.Platform)
            );
        }
        var plumbing = await ChooseOnLinuxAsync(environment, cancellationToken).ConfigureAwait(false);
        LogChoice(logger, plumbing.Strategy, plumbing.Reason);
        return plumbing;
    }

    /// <summary>Puts back what a killed engine left in files; what a running one wrote stays. Call it before
    /// <see cref="ChooseAsync"/>. Returns what it undid, in words.</summary>
    public static IReadOnlyList<string> Repair(DnsEnvironment environment) =>
        new ResolvConfFile(environment.ResolvConfPath, environment.Owner).Restore(environment.IsOwnerAlive) is { } done
            ? [done]
            : [];

    private static async Task<IDnsPlumbing> ChooseOnLinuxAsync(
        DnsEnvironment environment,
        CancellationToken cancellationToken
    )
    {
        var conf = ResolvConf.ReadHost(environment.ResolvConfPath);
        var first = conf.NameServers[0];
        var why = $"{environment.ResolvConfPath} names {first}, which is not resolved's stub";
        if (DnsEnvironment.IsResolvedStub(first))
        {
            why = await WhyNotResolvedAsync(environment, cancellationToken).ConfigureAwait(false);
            if (why.Length == 0)
                return new ResolvedPlumbing(environment, UplinksOf(environment));
        }
        return environment.Capturable(conf) is { } captured
            ? new CapturingPlumbing(environment, conf, captured, why)
            : new ResolvConfPlumbing(environment, conf, $"{first} is an address of this machine; {why}");
    }

    /// <summary>Empty: systemd-resolved answers this machine's queries and can be told about links.</summary>
    private static async Task<string> WhyNotResolvedAsync(
        DnsEnvironment environment,
        CancellationToken cancellationToken
    )
    {
        if (!Directory.Exists(environment.ResolvedDirectory))
            return $"{environment.ResolvedDirectory} does not exist";
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(BusTimeout);
        try
        {
            using var bus = await DBusConnection
                .ConnectAsync(environment.BusAddress, environment.UserId, limit.Token)
                .ConfigureAwait(false);
            return await bus.HasOwnerAsync(ResolvedClient.ServiceName, limit.Token).ConfigureAwait(false)
                ? ""
                : $"nobody owns {ResolvedClient.ServiceName} on the system bus";
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return $"the system bus cannot be used: {e.Message}";
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return "the system bus does not answer";
        }
    }

    /// <summary>
    /// Where resolved itself forwards to. Asking its stub instead would lead back to the link.
    /// </summary>
    private static UpstreamServers UplinksOf(DnsEnvironment environment)
    {
        var path = Path.Combine(environment.ResolvedDirectory, "resolv.conf");
        if (!File.Exists(path))
            return new UpstreamServers([]);
        var conf = ResolvConf.Read(path);
        return UpstreamServers.From(
            conf with
            {
                NameServers = [.. conf.NameServers.Where(server => !DnsEnvironment.IsResolvedStub(server))],
            }
        );
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "DNS by {Strategy}: {Reason}")]
    private static partial void LogChoice(ILogger logger, string strategy, string reason);
}
