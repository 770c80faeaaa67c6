using BenchmarkDotNet.Running;
using Telepresence.Benchmarks;
using Telepresence.Benchmarks.Http2;
using Telepresence.Benchmarks.KernelGrid;

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
    default:
        BenchmarkSwitcher.FromAssembly(typeof(ChecksumBenchmarks).Assembly).Run(args);
        break;
}
