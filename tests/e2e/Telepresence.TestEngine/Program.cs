using Telepresence.Engine.Host;
using Telepresence.TestEngine;

// The product's engine with parts swapped as the environment says (TestEngineOptions), or a traffic-manager with
// upstream's way to reject. Both exist for tests alone: the product has no such switches.
return args is ["manager"]
    ? await ManagerCommand.RunAsync().ConfigureAwait(false)
    : await EngineProgram.RunAsync(args, TestComposition.Compose).ConfigureAwait(false);
