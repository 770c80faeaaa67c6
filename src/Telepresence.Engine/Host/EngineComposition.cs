using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Telepresence.Client.Contract;
using Telepresence.Client.Launch;
using Telepresence.Engine.Dns;
using Telepresence.Engine.Engagements.Volumes;
using Telepresence.Engine.Ipc;
using Telepresence.Engine.Routing;
using Telepresence.Engine.Session;
using Telepresence.Engine.Session.Configuration;
using Telepresence.Engine.Vif;

namespace Telepresence.Engine.Host;

/// <summary>Puts the rooms of this build together. The only place that names every implementation.</summary>
internal static class EngineComposition
{
    /// <summary>Enough for the answer to the disconnect, and for a script that connects again at once.</summary>
    private static readonly TimeSpan _graceAfterLastSession = TimeSpan.FromMilliseconds(500);

    /// <param name="host">The process that the rooms live in.</param>
    /// <param name="adjust">Lets tests and benches put other parts in, such as a device that drops packets.</param>
    public static void Compose(EngineHost host, Func<SessionServices, SessionServices>? adjust = null)
    {
        var services = Services(host);
        services = adjust?.Invoke(services) ?? services;
        var registry = new SessionRegistry(services);
        var methods = new SessionMethods(services, registry);
        methods.RegisterPlanning(host.Server);
        new ConfigurationMethods(services, registry).Register(host.Server);
        new LogMethods(services, registry, host.LogLevels).Register(host.Server);
        if (host.Options.Role == EngineRole.User)
        {
            new InstallationMethods(services).Register(host.Server);
        }
        if (host.Options.Role == EngineRole.Network)
        {
            var repair = new EngineRepair(services);
            repair.Start();
            methods.RegisterSessions(host.Server, repair);
            new EngagementMethods(registry).Register(host.Server);
            KeepWhileConnected(host, registry);
        }
        host.OnStop(_ =>
        {
            services.Routing.Dispose();
            return Task.CompletedTask;
        });
        host.OnStop(async _ => await registry.DisposeAsync().ConfigureAwait(false));
    }

    private static SessionServices Services(EngineHost host) =>
        new()
        {
            Routing = RoutingFactory.Create(host.Loggers),
            Vifs = new HandedOverVifs(new VifFactory(host.Loggers), host.Tun),
            DnsEnvironment = new DnsEnvironment { UserId = UserId(), LocalAddresses = [] },
            DnsQueries = new DnsQueryLog(host.Options.Time),
            OpenCluster = static (settings, configuration) =>
                KubernetesClusterAccess.Open(
                    settings.Cluster,
                    settings.ManagerNamespace,
                    configuration,
                    configuration.ClusterConnect ?? TimeSpan.FromSeconds(20)
                ),
            Volumes = VolumeMounterFactory.Create(host.Options.Time, StartAsUser),
            ClientName = $"{Environment.UserName}@{Environment.MachineName}",
            InstallId = InstallIdentity.ReadOrMake(Environment.GetEnvironmentVariable),
            Loggers = host.Loggers,
            Time = host.Options.Time,
        };

    /// <summary>The engine ends with its last session, and tells every client of each change and conflict.</summary>
    private static void KeepWhileConnected(EngineHost host, SessionRegistry registry)
    {
        var gate = new Lock();
        IDisposable? hold = null;
        registry.Changed += session =>
        {
            lock (gate)
            {
                if (registry.All.Count > 0)
                {
                    hold ??= host.Lifetime.Hold();
                }
                else
                {
                    host.Lifetime.ShortenGrace(_graceAfterLastSession);
                    hold?.Dispose();
                    hold = null;
                }
            }
            host.Server.Broadcast(EngineMethods.SessionChanged, session.View());
        };
        registry.EngagementChanged += engagement => host.Server.Broadcast(EngineMethods.EngagementChanged, engagement);
        registry.ConflictDetected += (session, conflict) =>
            host.Server.Broadcast(EngineMethods.ConflictDetected, new ConflictNotice(session.Name, conflict));
    }

    private static Process StartAsUser(ProcessStartInfo start) =>
        OperatingSystem.IsLinux()
            ? UnprivilegedProcess.Start(start)
            : Process.Start(start) ?? throw new InvalidOperationException("no process was started");

    private static uint UserId() => OperatingSystem.IsLinux() ? PosixOwnership.EffectiveUser : 0;

    /// <summary>Makes interfaces from the descriptors that the launcher opened, where it had to.</summary>
    private sealed class HandedOverVifs(IVifFactory factory, TunDescriptors descriptors) : IVifFactory
    {
        public IPacketDevice Create(VifOptions options) =>
            factory.Create(options with { Handles = descriptors.Take(options.QueueCount) });
    }
}
