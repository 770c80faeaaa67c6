using System.Text.Json;
using Telepresence.Engine.Vif;

namespace Telepresence.TestEngine;

/// <summary>Puts a bad network between the kernel and the engine. Without offloads, so that single packets are hit.</summary>
internal sealed class ImpairedVifs(IVifFactory inner, Impairments impairments, int seed) : IVifFactory
{
    private readonly List<ImpairedDevice> _devices = [];

    public IPacketDevice Create(VifOptions options)
    {
        var device = new ImpairedDevice(
            inner.Create(options with { Offloads = DeviceOffloads.None }),
            impairments,
            new Random(seed)
        );
        lock (_devices)
            _devices.Add(device);
        return device;
    }

    /// <summary>Tells what was done to packets, so that a test can see that something was.</summary>
    public Task ReportAsync(string path, CancellationToken cancellationToken)
    {
        Dictionary<string, long> counts;
        lock (_devices)
        {
            counts = new()
            {
                ["dropped"] = _devices.Sum(d => d.Dropped),
                ["reordered"] = _devices.Sum(d => d.Reordered),
                ["duplicated"] = _devices.Sum(d => d.Duplicated),
            };
        }
        return File.WriteAllTextAsync(path, JsonSerializer.Serialize(counts), cancellationToken);
    }
}
