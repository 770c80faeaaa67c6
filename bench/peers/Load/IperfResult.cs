namespace Telepresence.Peers.Load;

/// <summary>What iperf3's receiving side counted.</summary>
/// <param name="Fairness">Jain's index of the streams' bytes.</param>
internal readonly record struct IperfResult(double BitsPerSecond, double Bytes, double Fairness);
