using System.Net.Sockets;
using Telepresence.Client.Contract;
using Telepresence.Client.Ipc;
using Telepresence.Client.Launch;
using Telepresence.FakeEngine;

// Serves both roles until its standard input ends.
var directory = RuntimeDirectory.Ensure(RuntimeDirectory.Locate());
CannedAnswers answers = new(directory);
await Task.WhenAny([
    ServeAsync(EngineRole.Network),
    ServeAsync(EngineRole.User),
    WhenInputEndsAsync(() => Console.WriteLine("ready")),
]);
return 0;

async Task ServeAsync(EngineRole role)
{
    var path = new EngineEndpoint(directory, role).SocketPath;
    File.Delete(path);
    using Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    listener.Bind(new UnixDomainSocketEndPoint(path));
    listener.Listen();
    while (true)
    {
        var peer = await listener.AcceptAsync();
        new JsonRpcConnection(new NetworkStream(peer, ownsSocket: true), answers.Methods(role)).Start();
    }
}

static async Task WhenInputEndsAsync(Action ready)
{
    await Task.Yield();
    ready();
    while (await Console.In.ReadLineAsync() is not null) { }
}
