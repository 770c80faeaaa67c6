namespace Telepresence.Client.Ipc;

/// <summary>The peer sent what is not JSON-RPC 2.0 in frames; the connection ends.</summary>
public sealed class JsonRpcProtocolException(string why, Exception? innerException = null)
    : Exception($"The peer sent {why}.", innerException);
