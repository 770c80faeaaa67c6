namespace Telepresence.Sandbox.Demo;

/// <summary>A line or two under a step.</summary>
/// <param name="CommandLine">What was run; null for a remark of our own.</param>
/// <param name="Status">How it ended; null for a remark.</param>
/// <param name="Line">Its first line of output, or the remark.</param>
internal sealed record Evidence(string? CommandLine, string? Status, string Line);
