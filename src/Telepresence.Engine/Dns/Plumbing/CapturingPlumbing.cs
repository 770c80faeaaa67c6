using System.Net;
using Telepresence.Client.Errors;

namespace Telepresence.Engine.Dns;

/// <summary>
/// The machine goes on asking its name servers; routing brings those packets to the VIF. Nothing is written anywhere.
/// </summary>
/// <param name="environment">Where resolv.conf is.</param>
/// <param name="host">What it says.</param>
/// <param name="captured">The same with those servers that a rule can capture.</param>
internal sealed class CapturingPlumbing(DnsEnvironment environment, ResolvConf host, ResolvConf captured, string reason)
    : IDnsPlumbing
{
    private ResolvConf _host = host;
    private volatile ResolvConf _conf = captured;
    private volatile UpstreamServers _upstream = UpstreamServers.From(captured);

    public string Strategy => "captured";

    public string Reason => reason;

    public IReadOnlyList<IPAddress> CapturedNameServers => _conf.NameServers;

    public IReadOnlyList<string> HostSearchDomains => _conf.Search;

    public UpstreamServers Upstream => _upstream;

    /// <summary>A file that cannot be read, or names this machine now, changes nothing: the servers that were captured stay.</summary>
    public bool Refresh(Func<IReadOnlyCollection<IPAddress>> localAddresses)
    {
        try
        {
            var host = ResolvConf.ReadHost(environment.ResolvConfPath);
            if (host.IsSameAs(_host))
                return false;
            var now = environment.With(localAddresses()).Capturable(host);
            _host = host;
            if (now is null || now.IsSameAs(_conf))
                return false;
            _upstream = UpstreamServers.From(now);
            _conf = now;
            return true;
        }
        catch (TelepresenceException)
        {
            return false;
        }
    }

    public Task ApplyAsync(DnsLink link, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task ClearAsync(int interfaceIndex, CancellationToken cancellationToken) => Task.CompletedTask;
}
