namespace Telepresence.Engine.Installation.Values;

/// <summary>A value of the installation cannot be used; the message begins with the key's path.</summary>
/// <param name="path">The key with its sections, or empty.</param>
/// <param name="complaint">What is wrong with it.</param>
internal sealed class InvalidValueException(string path, string complaint)
    : Exception(path.Length > 0 ? $"{path} {complaint}" : complaint)
{
    public string Path { get; } = path;
}
