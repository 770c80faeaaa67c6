using System.Net;
using Telepresence.Client.Errors;

namespace Telepresence.Engine.Dns;

/// <summary>
/// The name server is on this machine, where no rule can capture it: resolv.conf names the VIF's DNS address instead
/// while a session is there, the one that came last.
/// </summary>
internal sealed class ResolvConfPlumbing(DnsEnvironment environment, ResolvConf original, string reason) : IDnsPlumbing
{
    private readonly ResolvConfFile _file = new(environment.ResolvConfPath, environment.Owner);
    private readonly Lock _gate = new();
    private readonly List<DnsLink> _links = [];

    public string Strategy => "resolv.conf";

    public string Reason => reason;

    public IReadOnlyList<IPAddress> CapturedNameServers => [];

    public IReadOnlyList<string> HostSearchDomains => original.Search;

    public UpstreamServers Upstream { get; } = UpstreamServers.From(original);

    public Task ApplyAsync(DnsLink link, CancellationToken cancellationToken)
    {
        Change(() =>
        {
            _file.Take(link.Server);
            _links.RemoveAll(other => other.InterfaceIndex == link.InterfaceIndex);
            _links.Add(link);
        });
        return Task.CompletedTask;
    }

    public Task ClearAsync(int interfaceIndex, CancellationToken cancellationToken)
    {
        Change(() =>
        {
            if (_links.RemoveAll(link => link.InterfaceIndex == interfaceIndex) == 0)
                return;
            if (_links is [.., var last])
                _file.Take(last.Server);
            else
                _file.Restore(environment.IsOwnerAlive);
        });
        return Task.CompletedTask;
    }

    private void Change(Action change)
    {
        try
        {
            lock (_gate)
                change();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ErrorCatalogue.Error(
                ErrorId.DnsUnavailable,
                environment.ResolvConfPath,
                e,
                ("reason", $"{environment.ResolvConfPath} cannot be changed: {e.Message}")
            );
        }
    }
}
