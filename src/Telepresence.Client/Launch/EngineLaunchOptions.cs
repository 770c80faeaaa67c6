using Telepresence.Client.Ipc;

namespace Telepresence.Client.Launch;

/// <summary>How the engine is found and started; everything has its usual value.</summary>
public sealed record EngineLaunchOptions
{
    /// <summary>The user's <see cref="RuntimeDirectory"/>; null: where it usually is.</summary>
    public string? Directory { get; init; }

    /// <summary>What this end listens to.</summary>
    public JsonRpcMethods? Methods { get; init; }

    /// <summary>Version of the module, told to the engine.</summary>
    public string ClientVersion { get; init; } =
        typeof(EngineLaunchOptions).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";

    /// <summary>The engine's assembly; null: <see cref="EngineFiles.Locate"/>.</summary>
    public string? EngineAssembly { get; init; }

    /// <summary>What its files must be before it gets network privilege; null: any, as in a source tree.</summary>
    public Func<EngineIntegrity>? Integrity { get; init; }

    /// <summary>What runs it; null: <see cref="EngineHosting.Locate"/>.</summary>
    public EngineHosting? Hosting { get; init; }

    /// <summary>May sudo ask for a password on the terminal?</summary>
    public bool MayPrompt { get; init; } = true;
}
