using System.Net.Sockets;

namespace Telepresence.Engine.Ipc;

/// <summary>Asks the operating system who is at the other end of a local connection.</summary>
internal interface IPeerIdentity
{
    /// <summary>True when it is a process of the very user the engine runs as. Root is nobody special.</summary>
    /// <param name="peer">Who it is, for the log.</param>
    bool IsOwner(Socket socket, out string peer);
}
