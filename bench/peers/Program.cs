using Telepresence.Peers;
using Telepresence.Peers.Lab;
using Telepresence.Peers.Load;

// The first word is a role of a process that the benchmark itself starts; without one, it is the benchmark.
return args switch
{
    ["inside", .. var rest] => await Benchmark.RunAsync(PeersOptions.Parse(rest)).ConfigureAwait(false),
    ["load-server"] => LoadServer.Run(),
    ["load-client"] => LoadClientAgent.Run(),
    ["engine", ..] => await BenchEngine.RunAsync(args).ConfigureAwait(false),
    ["sandbox", var listen] => await BenchSandbox.RunAsync(listen).ConfigureAwait(false),
    _ => await Isolation.RunAsync(args).ConfigureAwait(false),
};
