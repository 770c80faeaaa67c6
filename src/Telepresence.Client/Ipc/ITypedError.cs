using Telepresence.Client.Contract;

namespace Telepresence.Client.Ipc;

/// <summary>An exception of the engine's own that reaches the user as it is, besides those of the error catalogue.</summary>
public interface ITypedError
{
    /// <summary>The error as it goes over the wire.</summary>
    ErrorData ToData();
}
