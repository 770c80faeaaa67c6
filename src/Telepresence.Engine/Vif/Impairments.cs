namespace Telepresence.Engine.Vif;

/// <summary>What an <see cref="ImpairedDevice"/> does to packets. Probabilities from 0 to 1, a packet and direction.</summary>
/// <param name="Reorder">The packet lets the next one of its direction overtake it.</param>
/// <param name="Delay">Added to every packet's way; zero: none.</param>
internal sealed record Impairments(double Drop = 0, double Reorder = 0, double Duplicate = 0, TimeSpan Delay = default);
