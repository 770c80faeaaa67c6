namespace Telepresence.Client.Contract;

/// <summary>Who the client is.</summary>
/// <param name="ClientVersion">Version of the module.</param>
/// <param name="ContractVersion"><see cref="EngineMethods.ContractVersion"/> of the client.</param>
public sealed record HelloParameters(string ClientVersion, int ContractVersion);

/// <summary>Who the engine is.</summary>
/// <param name="EngineVersion">Version of the engine.</param>
/// <param name="ContractVersion"><see cref="EngineMethods.ContractVersion"/> of the engine.</param>
/// <param name="ProcessId">The engine's process.</param>
/// <param name="Role">What it may do.</param>
public sealed record HelloResult(string EngineVersion, int ContractVersion, int ProcessId, EngineRole Role);

/// <summary>The two roles of the engine (DESIGN §3).</summary>
public enum EngineRole
{
    /// <summary>May change the network and hosts sessions.</summary>
    Network,

    /// <summary>Runs without privilege: plans, completers, configuration.</summary>
    User,
}

/// <summary>Asks the engine to remove what a killed engine left.</summary>
public sealed record RepairParameters;
