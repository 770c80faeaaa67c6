namespace Telepresence.Sandbox.Demo;

/// <summary>The demo cannot go on; says what is missing and what to do about it.</summary>
internal sealed class DemoException(string id, string message, string nextStep) : Exception(message)
{
    /// <summary>Stable name of the error.</summary>
    public string Id { get; } = id;

    /// <summary>What the user can do now.</summary>
    public string NextStep { get; } = nextStep;
}
