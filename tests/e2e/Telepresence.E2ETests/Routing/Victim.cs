using System.Diagnostics;
using System.Net;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging.Abstractions;
using Telepresence.E2ETests.Netns;
using Telepresence.Engine.Routing;
using Telepresence.Engine.Vif;

namespace Telepresence.E2ETests.Routing;

/// <summary>
/// This test assembly, run as a program of its own that applies a plan and waits to be killed: what SIGKILL leaves can
/// be seen on a real process only.
/// </summary>
internal static class Victim
{
    private const string Variable = "TELEPRESENCE_E2E_VICTIM";

    public static Process Start(NetworkNamespace where)
    {
        var process = where.Start("env", $"{Variable}=1", "dotnet", typeof(Victim).Assembly.Location);
        var line = process.StandardOutput.ReadLine();
        Assert.True(line == "applied", $"{line} {(line is null ? process.StandardError.ReadToEnd() : "")}");
        return process;
    }

#pragma warning disable CA2255 // The generated Main of a test project does nothing; this runs before it.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Run()
    {
        if (Environment.GetEnvironmentVariable(Variable) is null)
        {
            return;
        }
        var device = new VifFactory(NullLoggerFactory.Instance).Create(
            new VifOptions { Addresses = [IPAddress.Parse("246.0.0.1"), IPAddress.Parse("fd00:246::1")] }
        );
        var routing = RoutingFactory.Create(NullLoggerFactory.Instance);
        routing.Apply(
            0,
            new RoutePlan
            {
                InterfaceIndex = device.Index,
                Prefixes = [IPNetwork.Parse("10.43.0.0/16"), IPNetwork.Parse("fd00:43::/64")],
                OverridingPrefixes = [IPNetwork.Parse("10.44.0.0/16"), IPNetwork.Parse("fd00:44::/64")],
                NeverProxied = [IPNetwork.Parse("10.43.5.5/32")],
                CapturedNameServers = [RoutingFixture.Router4, RoutingFixture.Router6],
            }
        );
        Console.WriteLine("applied");
        Thread.Sleep(Timeout.Infinite);
    }
}
