using Telepresence.Engine.Dns;

namespace Telepresence.UnitTests.Dns;

internal static class Servers
{
    public static readonly DnsZoneOptions Options = new()
    {
        Session = "test",
        Namespace = "default",
        MappedNamespaces = ["default", "prod"],
    };

    public static DnsServer Create(
        IClusterResolver cluster,
        DnsZoneOptions? options = null,
        IAddressTranslation? translation = null,
        IUpstreamResolver? upstream = null,
        TimeProvider? time = null,
        DnsStatistics? statistics = null
    ) =>
        new(
            options ?? Options,
            cluster,
            translation,
            upstream,
            time ?? TimeProvider.System,
            statistics ?? new DnsStatistics()
        );

    public static DnsFront Front(IUpstreamResolver? upstream, TimeProvider? time, params DnsServer[] servers)
    {
        time ??= TimeProvider.System;
        var front = new DnsFront(upstream, time, new DnsQueryLog(time), new DnsStatistics());
        foreach (var server in servers)
            front.Add(server);
        return front;
    }

    public static async Task<DnsMessages.Message> AskAsync(
        this DnsFront front,
        string name,
        ushort type = RecordType.A,
        DnsTransport transport = DnsTransport.Udp,
        int? ednsSize = null
    )
    {
        var response = new byte[DnsFront.MaxMessageLength];
        var length = await front.HandleAsync(
            DnsMessages.Query(name, type, ednsSize: ednsSize),
            transport,
            response,
            CancellationToken.None
        );
        return DnsMessages.Read(response.AsSpan(0, length));
    }
}
