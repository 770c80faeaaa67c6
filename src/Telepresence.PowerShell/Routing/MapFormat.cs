namespace Telepresence.PowerShell.Routing;

/// <summary>What <c>Show-TelepresenceRoute</c> draws with.</summary>
public enum MapFormat
{
    /// <summary>Characters, for a terminal.</summary>
    Text,

    /// <summary>A picture.</summary>
    Svg,

    /// <summary>A page with the picture and a table.</summary>
    Html,
}
