namespace Telepresence.Engine.Session.Configuration;

/// <summary>A value and where it was set.</summary>
/// <param name="Value">As <see cref="ConfigurationValues.Read"/> makes it for the key's type.</param>
internal sealed record ConfigurationSetting(ConfigurationKey Key, object Value, ConfigurationOrigin Origin)
{
    public string Text => ConfigurationValues.ToText(Value);

    /// <summary>It says what is built in: a lower layer that says something else wins (PROTOCOL §5.1).</summary>
    public bool IsDefault => Text == Key.Default;
}

/// <summary>Where a value was set.</summary>
/// <param name="Source">In short: <c>config.yml</c>, <c>cluster</c>, <c>kubeconfig</c>, an environment variable or a parameter.</param>
/// <param name="File">The file, or empty.</param>
/// <param name="Line">Line of the key in it, from 1; 0: not known.</param>
internal sealed record ConfigurationOrigin(string Source, string File = "", int Line = 0)
{
    /// <summary>As messages name it.</summary>
    public string Name => File.Length > 0 ? File : Source;
}

/// <summary>Something in a source that has no effect and looks like a mistake.</summary>
/// <param name="Source">File, or words for what is no file.</param>
/// <param name="Line">From 1; 0: not known.</param>
internal sealed record ConfigurationWarning(string Source, int Line, string Key, string Message)
{
    public override string ToString() => Line > 0 ? $"{Source}: line {Line}: {Message}" : $"{Source}: {Message}";
}
