using Telepresence.Engine.Host;

return await EngineProgram.RunAsync(args, static host => EngineComposition.Compose(host)).ConfigureAwait(false);
