using System.Globalization;
using BenchmarkDotNet.Running;
using Telepresence.Benchmarks;
using Telepresence.Benchmarks.Http2;
using Telepresence.Benchmarks.KernelGrid;
using Telepresence.Benchmarks.Watching;

switch (args)
{
    case ["http2"]:
        await TransportComparison.RunAsync();
        break;
    case ["http2-server"]:
        await BulkServer.RunAsync();
        break;
    case ["kernel-grid", var path] when OperatingSystem.IsLinux():
        KernelTable.Write(path);
        break;
    case ["watch"]:
        await WatchMemory.RunAsync();
        break;
    case ["watch-server", var count, var changes]:
        await ManyObjectsServer.RunAsync(
            int.Parse(count, CultureInfo.InvariantCulture),
            int.Parse(changes, CultureInfo.InvariantCulture)
        );
        break;
    default:
        BenchmarkSwitcher.FromAssembly(typeof(ChecksumBenchmarks).Assembly).Run(args);
        break;
}
