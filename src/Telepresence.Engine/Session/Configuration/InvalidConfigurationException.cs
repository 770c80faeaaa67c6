namespace Telepresence.Engine.Session.Configuration;

/// <summary>A configuration source cannot be used; the message names source, line, column, key and what was expected.</summary>
internal sealed class InvalidConfigurationException : Exception
{
    /// <param name="source">File name or the words that say where the text came from.</param>
    /// <param name="key">Full key, or empty.</param>
    /// <param name="complaint">What is wrong with the key, or with the source as a whole.</param>
    /// <param name="line">From 1; 0: not known.</param>
    /// <param name="column">From 1; 0: not known.</param>
    public InvalidConfigurationException(string source, string key, string complaint, int line = 0, int column = 0)
        : base(
            $"{source}: {(line > 0 ? $"line {line}, column {column}: " : "")}{(key.Length > 0 ? $"{key} " : "")}{complaint}"
        )
    {
        ConfigurationSource = source;
        Line = line;
        Column = column;
    }

    public string ConfigurationSource { get; }
    public int Line { get; }
    public int Column { get; }
}
