using Telepresence.Client.Contract;
using Telepresence.Engine.Session;
using Telepresence.Engine.Session.Configuration;

namespace Telepresence.Engine.Ipc;

/// <summary>The contract's methods about configuration. They need no privilege: both roles of the engine answer them.</summary>
internal sealed class ConfigurationMethods(SessionServices services, SessionRegistry registry)
{
    private readonly ConfigurationQueries _queries = new(services, registry);
    private readonly ConfigurationChanges _changes = new(services);

    public void Register(IpcServer server)
    {
        server.Register<ConfigurationParameters, ConfigurationResult>(
            EngineMethods.Configuration,
            (parameters, _, token) => SessionMethods.Typed(() => _queries.GetAsync(parameters, token))
        );
        server.Register<ConfigurationChange, ConfigurationChanged>(
            EngineMethods.SetConfiguration,
            (change, _, token) => SessionMethods.Typed(() => _changes.ApplyAsync(change, token))
        );
        server.Register<SessionParameters, string[]>(
            EngineMethods.ConfigurationKeys,
            (_, _, _) => Task.FromResult<string[]>([.. ConfigurationKeys.All.Select(k => k.Path)])
        );
    }
}
