using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Telepresence.Protocol.Agent;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;
using Telepresence.TrafficManager;

namespace Telepresence.E2ETests.TrafficManager;

/// <summary>The two commands of the cluster's image, each a process of its own. They talk over loopback only.</summary>
public class AgentProcessTests
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task An_agent_process_arrives_at_a_manager_process_answers_and_departs()
    {
        using var manager = Start([], ("SERVER_HOST", "127.0.0.1"), ("SERVER_PORT", "0"));
        var managerPort = await PortAsync(manager);
        var configuration =
            $$"""{"workloadName":"web","workloadKind":"Deployment","namespace":"shop","managerHost":"127.0.0.1","managerPort":{{managerPort}}}""";
        using var agent = Start(
            ["agent"],
            ("AGENT_CONFIG", configuration),
            ("_TEL_AGENT_NAME", "web-0"),
            ("_TEL_AGENT_POD_IP", "127.0.0.1")
        );
        try
        {
            var agentPort = await PortAsync(agent);
            using var channel = Channel(managerPort);
            var client = new ManagerClient(channel);
            var session = await client.ArriveAsClient(
                new ClientInfo
                {
                    Name = "me@here",
                    InstallId = "id",
                    Product = "telepresence",
                    Version = "v2.25.0",
                    Namespace = "shop",
                }
            );
            using var given = new CancellationTokenSource(Bound);
            using var watch = client.WatchAgentPods(session);
            await using var snapshots = watch.ReadAllAsync(given.Token).GetAsyncEnumerator(given.Token);
            do Assert.True(await snapshots.MoveNextAsync());
            while (snapshots.Current.Agents.Count == 0);
            var pod = snapshots.Current.Agents[0];
            Assert.Equal(("web-0", "web", agentPort), (pod.PodName, pod.WorkloadName, pod.ApiPort));

            using var direct = Channel(agentPort);
            Assert.Equal("OSS Traffic Agent", (await new AgentClient(direct).Version()).Name);

            Terminate(agent);
            await agent.WaitForExitAsync(given.Token);
            Assert.Equal(0, agent.ExitCode);
            Assert.True(await snapshots.MoveNextAsync());
            Assert.Empty(snapshots.Current.Agents);
        }
        finally
        {
            agent.Kill();
            manager.Kill();
        }
    }

    [Fact]
    public async Task An_agent_process_without_configuration_says_what_is_missing()
    {
        using var agent = Start(["agent"]);
        var error = await agent.StandardError.ReadToEndAsync().WaitAsync(Bound);
        await agent.WaitForExitAsync();
        Assert.Equal(2, agent.ExitCode);
        Assert.Contains("AGENT_CONFIG", error, StringComparison.Ordinal);
    }

    private static Process Start(string[] arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(TrafficManagerServer).Assembly.Location, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return Process.Start(start)!;
    }

    private static async Task<int> PortAsync(Process process)
    {
        while (await process.StandardOutput.ReadLineAsync().WaitAsync(Bound) is { } line)
            if (line.Contains(" listens on ", StringComparison.Ordinal))
                return int.Parse(line[(line.LastIndexOf(':') + 1)..], CultureInfo.InvariantCulture);
        throw new InvalidOperationException($"It ended: {await process.StandardError.ReadToEndAsync()}");
    }

    private static void Terminate(Process process)
    {
        using var kill = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    private static GrpcChannel Channel(int port) =>
        new(async ct =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(IPAddress.Loopback, port, ct);
            return new NetworkStream(socket, ownsSocket: true);
        });
}
