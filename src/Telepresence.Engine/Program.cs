using Telepresence.Engine.Host;

return await EngineProgram.RunAsync(args, static _ => { }).ConfigureAwait(false);
