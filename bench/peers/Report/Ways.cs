namespace Telepresence.Peers.Report;

/// <summary>The ways from client to server that are compared: a column each.</summary>
internal static class Ways
{
    public const string Raw = "raw";
    public const string Ours = "ours";
    public const string Forwarded = "forwarded";
    public const string TcpRelay = "tcp_relay";
    public const string HttpRelay = "http_relay";
    public const string Slirp = "slirp4netns";
    public const string Sshuttle = "sshuttle";
    public const string Cluster = "cluster";
    public const string WebSocket = "websocket";
    public const string Upstream = "upstream";

    /// <summary>Whichever of these is best at a figure is what <see cref="Slirp"/> means.</summary>
    public static IReadOnlyList<int> SlirpMtus { get; } = [1500, 65520];

    /// <summary>The report's columns, in its order, with their titles.</summary>
    public static IReadOnlyList<(string Name, string Title)> Columns { get; } =
    [
        (Raw, "raw veth"),
        (Ours, "ours, manager direct"),
        (Forwarded, "ours, port-forward"),
        (TcpRelay, "TCP relay"),
        (HttpRelay, "HttpClient to Kestrel"),
        (Slirp, "slirp4netns, best MTU"),
        (Sshuttle, "sshuttle"),
        (Cluster, "ours, real API server"),
        (WebSocket, "bare port-forward, real API server"),
        (Upstream, "upstream"),
    ];

    public static string SlirpAt(int mtu) => $"{Slirp}_{mtu}";
}
