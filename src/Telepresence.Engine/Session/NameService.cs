using System.Net;
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
    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(2);

    private readonly SystemUpstreamResolver? _upstream;
    private readonly IRouting _routing;
    private readonly Lock _looking = new();
    private readonly ITimer _timer;

    private NameService(IDnsPlumbing plumbing, SystemUpstreamResolver? upstream, SessionServices services)
    {
        Plumbing = plumbing;
        _upstream = upstream;
        _routing = services.Routing;
        Front = new DnsFront(upstream, services.Time, services.DnsQueries, new DnsStatistics());
        // Looked at, not watched: the file is often a link into a directory that a VPN replaces.
        _timer = services.Time.CreateTimer(_ => Look(), null, _interval, _interval);
    }

    /// <summary>The machine asks other name servers than before; on any thread.</summary>
    public event Action? Changed;

    public IDnsPlumbing Plumbing { get; }

    public DnsFront Front { get; }

    /// <summary>Null: the machine had no name server.</summary>
    public IUpstreamResolver? Upstream => _upstream;

    /// <exception cref="Client.Errors.TelepresenceException">DnsUnavailable.</exception>
    public static async Task<NameService> StartAsync(SessionServices services, CancellationToken cancellationToken)
    {
        var environment = services.DnsEnvironment with { LocalAddresses = LocalAddresses(services.Routing) };
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
        return new NameService(plumbing, upstream, services);
    }

    public void Dispose()
    {
        _timer.Dispose();
        _upstream?.Dispose();
    }

    private void Look()
    {
        // A look that takes longer than the interval is not overtaken by the next.
        if (!_looking.TryEnter())
            return;
        try
        {
            if (Plumbing.Refresh(() => LocalAddresses(_routing)))
                Changed?.Invoke();
        }
        finally
        {
            _looking.Exit();
        }
    }

    private static IReadOnlyCollection<IPAddress> LocalAddresses(IRouting routing) =>
        [.. routing.Snapshot().Interfaces.SelectMany(i => i.HostAddresses)];
}
