using Telepresence.Engine.Host;
using Telepresence.Engine.Session;

namespace Telepresence.TestEngine;

/// <summary>The engine's own composition with the parts that <see cref="TestEngineOptions"/> asks for.</summary>
internal static class TestComposition
{
    public static void Compose(EngineHost host)
    {
        var options = TestEngineOptions.Read(Environment.GetEnvironmentVariable);
        EngineComposition.Compose(host, services => Adjust(host, services, options));
    }

    private static SessionServices Adjust(EngineHost host, SessionServices services, TestEngineOptions options)
    {
        if (options.Impairments is { } impairments)
        {
            var impaired = new ImpairedVifs(services.Vifs, impairments, options.Seed);
            if (options.ReportPath is { } path)
                host.OnStop(token => impaired.ReportAsync(path, token));
            services = services with { Vifs = impaired };
        }
        if (options.Manager is { } manager)
            services = services with { OpenCluster = (_, _) => new DirectClusterAccess(manager) };
        return services;
    }
}
