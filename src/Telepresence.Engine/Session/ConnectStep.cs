using Telepresence.Client.Contract;

namespace Telepresence.Engine.Session;

/// <summary>A step of a connect that begins, with what it waits for in words.</summary>
internal readonly record struct ConnectStep(ConnectStage Stage, string Status);
