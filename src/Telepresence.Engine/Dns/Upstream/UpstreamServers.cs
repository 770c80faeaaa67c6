using System.Net;

namespace Telepresence.Engine.Dns;

/// <summary>Name servers to ask, in order, and how long.</summary>
internal sealed record UpstreamServers(IReadOnlyList<IPEndPoint> EndPoints)
{
    private static readonly TimeSpan LongestTry = TimeSpan.FromSeconds(2);

    /// <summary>For one try with one server: short enough that a second server answers before the client gives up.</summary>
    public TimeSpan Timeout { get; init; } = LongestTry;

    /// <summary>Rounds over all servers.</summary>
    public int Attempts { get; init; } = 2;

    public bool Rotate { get; init; }

    /// <summary>For a query as a whole.</summary>
    public TimeSpan TotalTimeout => Timeout * (Attempts * Math.Max(1, EndPoints.Count));

    public static UpstreamServers From(ResolvConf conf) =>
        new([.. conf.NameServers.Select(address => new IPEndPoint(address, 53))])
        {
            Timeout = conf.Timeout < LongestTry ? conf.Timeout : LongestTry,
            Attempts = conf.Attempts,
            Rotate = conf.Rotate,
        };
}
