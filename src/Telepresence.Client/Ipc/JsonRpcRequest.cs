namespace Telepresence.Client.Ipc;

/// <summary>A request of the peer while it is answered.</summary>
/// <param name="Connection">Where it came from, and where notifications about it go.</param>
/// <param name="Id">Its id.</param>
public sealed record JsonRpcRequest(JsonRpcConnection Connection, long Id);
