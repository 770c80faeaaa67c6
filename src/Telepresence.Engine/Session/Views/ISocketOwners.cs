using System.Net;
using Telepresence.Client.Contract;
using Telepresence.Client.Objects;

namespace Telepresence.Engine.Session.Views;

/// <summary>Tells which process has a socket. A snapshot: make one for each listing.</summary>
internal interface ISocketOwners
{
    /// <summary>Process id; 0 when it cannot be told.</summary>
    int Find(TransportProtocol protocol, IPEndPoint local, IPEndPoint remote);
}

/// <summary>The one place that chooses by operating system.</summary>
internal static class SocketOwners
{
    public static ISocketOwners Snapshot() => OperatingSystem.IsLinux() ? ProcSocketOwners.Read() : new UnknownOwners();

    private sealed class UnknownOwners : ISocketOwners
    {
        public int Find(TransportProtocol protocol, IPEndPoint local, IPEndPoint remote) => 0;
    }
}
