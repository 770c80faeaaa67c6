using Microsoft.Extensions.Logging;
using Telepresence.Engine.Dns;
using Telepresence.Engine.Routing;

namespace Telepresence.Engine.Session;

/// <summary>
/// The engine's name server and the way the operating system's queries get to it. Made with the first session, when the
/// machine's own DNS is what it was without us, and gone with the last.
/// </summary>
internal sealed class NameService : IDisposable
{
    private readonly SystemUpstreamResolver? _upstream;

    private NameService(IDnsPlumbing plumbing, SystemUpstreamResolver? upstream, TimeProvider time, DnsQueryLog log)
    {
        Plumbing = plumbing;
        _upstream = upstream;
        Front = new DnsFront(upstream, time, log, new DnsStatistics());
    }

    public IDnsPlumbing Plumbing { get; }

    public DnsFront Front { get; }

    /// <summary>Null: the machine had no name server.</summary>
    public IUpstreamResolver? Upstream => _upstream;

    /// <exception cref="Client.Errors.TelepresenceException">DnsUnavailable.</exception>
    public static async Task<NameService> StartAsync(SessionServices services, CancellationToken cancellationToken)
    {
        var environment = services.DnsEnvironment with
        {
            LocalAddresses = [.. services.Routing.Snapshot().Interfaces.SelectMany(i => i.HostAddresses)],
        };
        var plumbing = await DnsPlumbing
            .ChooseAsync(environment, services.Loggers.CreateLogger<NameService>(), cancellationToken)
            .ConfigureAwait(false);
        var upstream =
            plumbing.Upstream.EndPoints.Count > 0
                ? new SystemUpstreamResolver(
                    () => plumbing.Upstream,
                    services.Routing.ExemptFromCapture,
                    services.Time,
                    new DnsStatistics()
                )
                : null;
        return new NameService(plumbing, upstream, services.Time, services.DnsQueries);
    }

    public void Dispose() => _upstream?.Dispose();
}
