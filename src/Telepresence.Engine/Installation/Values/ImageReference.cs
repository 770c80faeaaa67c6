namespace Telepresence.Engine.Installation.Values;

/// <summary>A container image as the chart names it.</summary>
/// <param name="Registry">With the path before the name; empty: the container runtime's own default.</param>
/// <param name="Name">May end with a digest; then there is no tag.</param>
internal sealed record ImageReference(string Registry, string Name, string Tag)
{
    /// <summary>Reads <c>REGISTRY/NAME:TAG</c>; without a tag it is <c>latest</c>, as everywhere.</summary>
    /// <exception cref="InvalidValueException">It is no image.</exception>
    public static ImageReference Parse(string text)
    {
        var slash = text.LastIndexOf('/');
        var name = text[(slash + 1)..];
        var tag = "";
        if (!name.Contains('@', StringComparison.Ordinal))
        {
            var colon = name.LastIndexOf(':');
            tag = colon < 0 ? "latest" : name[(colon + 1)..];
            name = colon < 0 ? name : name[..colon];
        }
        return
            name.Length == 0
            || text.Any(char.IsWhiteSpace)
            || (tag.Length == 0 && !name.Contains('@', StringComparison.Ordinal))
            ? throw new InvalidValueException("", $"'{text}' is not an image: write it as REGISTRY/NAME:TAG")
            : new ImageReference(slash < 0 ? "" : text[..slash], name, tag);
    }

    public override string ToString() =>
        (Registry.Length > 0 ? $"{Registry}/" : "")
        + Name
        + (Tag.Length > 0 && !Name.Contains('@', StringComparison.Ordinal) ? $":{Tag}" : "");
}
