using Telepresence.Client.Contract;
using Telepresence.Client.Logs;

namespace Telepresence.Engine.Host;

/// <summary>How an engine process runs.</summary>
internal sealed record EngineHostOptions
{
    public required EngineRole Role { get; init; }

    /// <summary>The user's runtime directory.</summary>
    public required string Directory { get; init; }

    /// <summary>How long the engine waits for something to do before it ends.</summary>
    public TimeSpan IdleGrace { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Bound of a clean end; past it the process ends as it is (the kernel removes device and routes).</summary>
    public TimeSpan ShutdownTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Leaves terminal, session and streams as they are.</summary>
    public bool Foreground { get; init; }

    /// <summary>Descriptors of /dev/net/tun that the launcher opened.</summary>
    public IReadOnlyList<int> TunDescriptors { get; init; } = [];

    /// <summary>Null: <see cref="EngineLog.DefaultPath"/>.</summary>
    public string? LogFile { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;
}
