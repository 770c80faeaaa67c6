namespace Telepresence.Sandbox.Demo;

/// <summary>A step did not show what it had to show.</summary>
internal sealed class VerdictException(string message) : Exception(message);
