namespace Telepresence.Client.Contract;

/// <summary>Asks how long a small call to the traffic-manager takes.</summary>
/// <param name="Session">Name of the session.</param>
/// <param name="Count">How many calls, one after another; 1 to 100.</param>
public sealed record PingParameters(string Session, int Count = 5);
