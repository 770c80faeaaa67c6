using System.Net;

namespace Telepresence.Engine.Vnat;

/// <summary>The virtual subnet that was asked for cannot be taken, or none is free.</summary>
/// <param name="errorId">One of the constants.</param>
/// <param name="recommendation">What the user can do next.</param>
internal sealed class VirtualSubnetException(
    string errorId,
    string message,
    string recommendation,
    IPNetwork subnet,
    IPNetwork? other = null
) : Exception(message)
{
    /// <summary>Another session of this engine has it.</summary>
    public const string InUse = "VirtualSubnetInUse";

    /// <summary>It overlaps a route of this machine or a subnet of the cluster.</summary>
    public const string Overlaps = "VirtualSubnetOverlaps";

    /// <summary>It leaves no address to hand out.</summary>
    public const string TooSmall = "VirtualSubnetTooSmall";

    /// <summary>Every default is taken.</summary>
    public const string NoneFree = "VirtualSubnetNoneFree";

    public string ErrorId { get; } = errorId;

    public string Recommendation { get; } = recommendation;

    public IPNetwork Subnet { get; } = subnet;

    /// <summary>What it collides with.</summary>
    public IPNetwork? Other { get; } = other;
}
