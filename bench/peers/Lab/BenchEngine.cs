using System.Globalization;
using System.Net;
using Telepresence.Engine.Host;

namespace Telepresence.Peers.Lab;

/// <summary>
/// The engine as it is, but with a TCP connection in place of the API server's port-forward. For every line of its
/// input it answers with the bytes that it has allocated so far.
/// </summary>
internal static class BenchEngine
{
    public const string ManagerVariable = "BENCH_MANAGER";

    public static Task<int> RunAsync(string[] arguments)
    {
        var manager = IPEndPoint.Parse(Environment.GetEnvironmentVariable(ManagerVariable)!);
        new Thread(AnswerCounters) { IsBackground = true, Name = "counters" }.Start();
        return EngineProgram.RunAsync(
            arguments,
            host =>
                EngineComposition.Compose(
                    host,
                    services => services with { OpenCluster = (_, _) => new DirectClusterAccess(manager) }
                )
        );
    }

    private static void AnswerCounters()
    {
        while (Console.In.ReadLine() is not null)
        {
            Console.Out.WriteLine(GC.GetTotalAllocatedBytes(precise: true).ToString(CultureInfo.InvariantCulture));
        }
    }
}
