namespace Telepresence.TrafficManager;

/// <summary>The lowest level that is logged: the configured one, or another for a while. Safe for concurrent use.</summary>
/// <param name="configured">The one to fall back to.</param>
public sealed class LogLevelSwitch(LogLevel configured)
{
    private volatile int _lowest = (int)configured;

    /// <summary>Whether messages of that level are logged at present.</summary>
    public bool IsEnabled(LogLevel level) => (int)level >= _lowest && level != LogLevel.None;

    /// <summary>From now on, that level.</summary>
    public void Set(LogLevel lowest) => _lowest = (int)lowest;

    /// <summary>From now on, the configured level.</summary>
    public void Reset() => _lowest = (int)configured;
}
