namespace Telepresence.Client.Ipc;

/// <summary>The params of a request are not what its method takes.</summary>
internal sealed class InvalidParametersException(string why, Exception? innerException = null)
    : Exception(why, innerException);
