namespace Telepresence.Peers.Load;

/// <summary>What dnsperf counted.</summary>
internal readonly record struct DnsPerfResult(double PerSecond, double LostPercent);
