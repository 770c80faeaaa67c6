namespace Telepresence.Engine.Installation;

/// <summary>A step of an installation, for people.</summary>
/// <param name="Percent">0 to 100; -1: not known.</param>
internal sealed record InstallationStep(string Status, int Percent);
