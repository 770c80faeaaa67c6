namespace Telepresence.Client.Objects;

/// <summary>A connection in the moment that it opened, changed state or closed.</summary>
public sealed class TelepresenceConnectionChange : TelepresenceConnection
{
    /// <summary>When it was seen (UTC).</summary>
    public DateTime Time { get; set; }

    /// <summary>What happened.</summary>
    public ConnectionChange Change { get; set; }

    /// <summary>State before; empty where it opened.</summary>
    public string PreviousState { get; set; } = "";
}
