namespace Telepresence.PowerShell.Routing;

/// <summary>How much a cmdlet says.</summary>
public enum InformationLevel
{
    /// <summary>An object with everything.</summary>
    Detailed,

    /// <summary>True or false.</summary>
    Quiet,
}
