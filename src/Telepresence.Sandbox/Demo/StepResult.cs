namespace Telepresence.Sandbox.Demo;

/// <summary>How a step went; the names are the JSON's.</summary>
/// <param name="Step">Name of the step.</param>
/// <param name="Ok">True when its verdict was good.</param>
/// <param name="Ms">Milliseconds it took.</param>
/// <param name="Detail">What was seen, or why it failed.</param>
internal sealed record StepResult(string Step, bool Ok, long Ms, string Detail);
