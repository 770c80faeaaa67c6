using System.Net;

namespace Telepresence.Engine.Dns;

/// <summary>
/// The machine goes on asking its name servers; routing brings those packets to the VIF. Nothing is written anywhere.
/// </summary>
internal sealed class CapturingPlumbing(ResolvConf conf, string reason) : IDnsPlumbing
{
    public string Strategy => "captured";

    public string Reason => reason;

    public IReadOnlyList<IPAddress> CapturedNameServers => conf.NameServers;

    public IReadOnlyList<string> HostSearchDomains => conf.Search;

    public UpstreamServers Upstream { get; } = UpstreamServers.From(conf);

    public Task ApplyAsync(DnsLink link, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task ClearAsync(int interfaceIndex, CancellationToken cancellationToken) => Task.CompletedTask;
}
