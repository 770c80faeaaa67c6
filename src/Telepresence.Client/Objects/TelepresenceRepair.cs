namespace Telepresence.Client.Objects;

/// <summary>Something a killed engine had left and that is now gone.</summary>
public sealed class TelepresenceRepair
{
    /// <summary><c>Route</c>, <c>Rule</c>, <c>Dns</c>, <c>File</c> or <c>Socket</c>.</summary>
    public string Kind { get; set; } = "";

    /// <summary>What it was, in words.</summary>
    public string Description { get; set; } = "";

    /// <summary>What it was.</summary>
    public override string ToString() => $"{Kind}: {Description}";
}
