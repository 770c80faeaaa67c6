using Microsoft.Extensions.Logging.Abstractions;
using NSubstitute;
using Telepresence.Engine.Dns;
using Telepresence.Engine.Engagements.Volumes;
using Telepresence.Engine.Routing;
using Telepresence.Engine.Session;
using Telepresence.Engine.Vif;

namespace Telepresence.UnitTests.Session.Configuration;

/// <summary>What an engine without privilege has, on a machine with given routes.</summary>
internal static class ServicesOfAUser
{
    public static SessionServices With(RoutingSnapshot routes)
    {
        var routing = Substitute.For<IRouting>();
        routing.Snapshot().Returns(routes);
        return new SessionServices
        {
            Routing = routing,
            Vifs = Substitute.For<IVifFactory>(),
            DnsEnvironment = new DnsEnvironment { UserId = 0, LocalAddresses = [] },
            DnsQueries = new DnsQueryLog(TimeProvider.System),
            OpenCluster = static (settings, configuration) =>
                KubernetesClusterAccess.Open(
                    settings.Cluster,
                    settings.ManagerNamespace,
                    configuration,
                    TimeSpan.FromSeconds(20)
                ),
            ClientName = "me@here",
            Volumes = new UnsupportedMounter("nothing"),
            InstallId = Guid.NewGuid().ToString(),
            Loggers = NullLoggerFactory.Instance,
        };
    }
}
