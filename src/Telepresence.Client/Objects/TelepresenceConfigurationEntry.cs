namespace Telepresence.Client.Objects;

/// <summary>A key of the configuration, its value and where that was set.</summary>
public sealed class TelepresenceConfigurationEntry
{
    /// <summary>Sections and name with dots between, such as <c>routing.neverProxySubnets</c>.</summary>
    public string Key { get; set; } = "";

    /// <summary>The value as text, a list's elements with commas; empty when nothing is set.</summary>
    public string Value { get; set; } = "";

    /// <summary>The built-in value; empty when there is none.</summary>
    public string Default { get; set; } = "";

    /// <summary>
    /// <c>default</c>, <c>config.yml</c>, <c>cluster</c>, <c>kubeconfig</c>, the name of an environment variable, or a
    /// parameter such as <c>-NeverProxy</c>; several, with <c>+</c> between, where lists were added.
    /// </summary>
    public string Source { get; set; } = "";

    /// <summary>The file that sets it, or empty.</summary>
    public string File { get; set; } = "";

    /// <summary>Line of the key in the file, from 1; 0: none.</summary>
    public int Line { get; set; }

    /// <summary>Whose configuration was asked for.</summary>
    public ConfigurationScope Scope { get; set; }

    /// <summary>True when the value is the built-in one.</summary>
    public bool IsDefault { get; set; }

    /// <summary>What values it takes: Text, Boolean, Integer, Duration, Quantity, Address, Subnet, or a list of some.</summary>
    public string Type { get; set; } = "";

    /// <summary>What it is for.</summary>
    public string Description { get; set; } = "";

    /// <summary>False: known from upstream, without effect here.</summary>
    public bool IsUsed { get; set; }

    /// <summary>Name of the session whose configuration it is, or empty.</summary>
    public string Session { get; set; } = "";

    /// <summary>Source, with the line where there is one.</summary>
    public string Origin => Line > 0 ? $"{Source}:{Line}" : Source;

    /// <summary>Key and value.</summary>
    public override string ToString() => $"{Key}: {Value}";
}
