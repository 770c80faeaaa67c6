using System.Collections.Concurrent;
using System.Net;
using Telepresence.Engine.Dns;

namespace Telepresence.Engine.Session;

/// <summary>
/// Remembers which name the cluster's addresses were last looked up by, so that connections can be shown with it.
/// Sits between the DNS server and the cluster.
/// </summary>
internal sealed class AddressNames(IClusterResolver cluster) : IClusterResolver
{
    /// <summary>When it is full it starts anew: a name is a comfort, not worth an order of use.</summary>
    private const int Capacity = 10_000;

    private readonly ConcurrentDictionary<IPAddress, string> _names = new();

    /// <summary>The name without trailing dot, or empty.</summary>
    public string Find(IPAddress clusterAddress) => _names.GetValueOrDefault(clusterAddress, "");

    public async ValueTask<(int ResponseCode, ReadOnlyMemory<byte> Records)> LookupAsync(
        string name,
        ushort type,
        CancellationToken cancellationToken
    )
    {
        var answer = await cluster.LookupAsync(name, type, cancellationToken).ConfigureAwait(false);
        if (type is RecordType.A or RecordType.Aaaa)
            Remember(name.TrimEnd('.'), answer.Records.Span);
        return answer;
    }

    private void Remember(string name, ReadOnlySpan<byte> records)
    {
        var reader = new DnsRecordReader(records, 0);
        while (!reader.AtEnd && reader.TryRead(out var record))
        {
            if (record.Type is not (RecordType.A or RecordType.Aaaa) || record.DataLength is not (4 or 16))
                continue;
            if (_names.Count >= Capacity)
                _names.Clear();
            _names[new IPAddress(records.Slice(record.DataOffset, record.DataLength))] = name;
        }
    }
}
