namespace Telepresence.Engine.Session.Configuration;

/// <summary>Replaces a span of a text.</summary>
internal readonly record struct TextEdit(int Start, int End, string Text)
{
    public string ApplyTo(string text) => string.Concat(text.AsSpan(0, Start), Text, text.AsSpan(End));
}
