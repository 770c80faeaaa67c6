using Telepresence.Peers;
using Telepresence.Peers.Lab;
using Telepresence.Peers.Load;
using Telepresence.Peers.Relay;

// The first word is a role of a process that the benchmark itself starts; without one, it is the benchmark.
return args switch
{
    ["inside", .. var rest] => await Benchmark.RunAsync(PeersOptions.Parse(rest)).ConfigureAwait(false),
    ["load-server"] => LoadServer.Run(),
    ["load-client"] => LoadClientAgent.Run(),
    ["engine", ..] => await BenchEngine.RunAsync(args).ConfigureAwait(false),
    ["tcp-relay", var listen, var target, .. var ports] => await TcpRelay
        .RunAsync(listen, target, ports.Select(int.Parse))
        .ConfigureAwait(false),
    ["http-relay", var listen, var server, .. var ports] => await HttpRelay
        .RunAsync(listen, server, ports.Select(int.Parse))
        .ConfigureAwait(false),
    ["http-relay-server", var listen, var target] => await HttpRelayServer
        .RunAsync(listen, target)
        .ConfigureAwait(false),
    ["sandbox", var listen] => await BenchSandbox.RunAsync(listen).ConfigureAwait(false),
    _ => await Isolation.RunAsync(args).ConfigureAwait(false),
};
