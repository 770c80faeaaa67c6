namespace Telepresence.Engine.Session;

/// <summary>Progress told at once on the caller's thread: <see cref="Progress{T}"/> would let steps overtake each other.</summary>
internal sealed class Relay<T>(Action<T> tell) : IProgress<T>
{
    public void Report(T value) => tell(value);
}
