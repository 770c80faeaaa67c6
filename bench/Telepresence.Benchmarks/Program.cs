using BenchmarkDotNet.Running;
using Telepresence.Benchmarks;
using Telepresence.Benchmarks.Http2;

switch (args)
{
    case ["http2"]:
        await TransportComparison.RunAsync();
        break;
    case ["http2-server"]:
        await BulkServer.RunAsync();
        break;
    default:
        BenchmarkSwitcher.FromAssembly(typeof(ChecksumBenchmarks).Assembly).Run(args);
        break;
}
