using Telepresence.Sandbox.Demo.Steps;

namespace Telepresence.Sandbox.Demo;

/// <summary>The demo's steps, in order.</summary>
internal static class DemoSteps
{
    /// <summary>Names for <c>--break</c> and <c>--list</c>.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Create().Select(step => step.Name)];

    /// <summary>New steps, for one run.</summary>
    public static IReadOnlyList<IDemoStep> Create()
    {
        return
        [
            new SandboxStep(),
            new ConflictStep(),
            new ConnectStep(),
            new ResolveStep(),
            new FetchStep(),
            new UdpStep(),
            new RefusedStep(),
            new VpnStep(),
            new RoutesStep(),
            new ConnectionsStep(),
            new DisconnectStep(),
            new CleanStep(),
        ];
    }
}
