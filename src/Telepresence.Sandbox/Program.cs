using System.CommandLine;
using Telepresence.Sandbox;
using Telepresence.Sandbox.Demo;

var root = new RootCommand("An embedded Kubernetes cluster that needs no Docker and no root.")
{
    StartCommand.Create(),
    DemoCommand.Create(),
};

// The start command owns its signals: it cleans up before it ends.
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
