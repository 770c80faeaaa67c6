using Telepresence.Client.Objects;

namespace Telepresence.E2ETests.Session;

/// <summary>A workstation that is connected to a sandbox.</summary>
internal sealed record Scene(
    Workstation Workstation,
    SandboxProcess Sandbox,
    EngineProcess Engine,
    TelepresenceSession Session
) : IAsyncDisposable
{
    public ValueTask DisposeAsync() => Workstation.DisposeAsync();
}
