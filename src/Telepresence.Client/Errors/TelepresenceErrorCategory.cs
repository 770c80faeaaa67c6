namespace Telepresence.Client.Errors;

/// <summary>The categories of PowerShell that the catalogue uses, by the same names (this assembly does not know PowerShell).</summary>
public enum TelepresenceErrorCategory
{
    /// <summary>A parameter has a wrong value.</summary>
    InvalidArgument,

    /// <summary>What was named does not exist.</summary>
    ObjectNotFound,

    /// <summary>Something cannot be reached.</summary>
    ConnectionError,

    /// <summary>Who are you?</summary>
    AuthenticationError,

    /// <summary>You may not.</summary>
    PermissionDenied,

    /// <summary>A certificate is not to be trusted.</summary>
    SecurityError,

    /// <summary>Exists already.</summary>
    ResourceExists,

    /// <summary>In use.</summary>
    ResourceBusy,

    /// <summary>Not available.</summary>
    ResourceUnavailable,

    /// <summary>Used up.</summary>
    LimitsExceeded,

    /// <summary>The other side speaks another protocol.</summary>
    ProtocolError,

    /// <summary>Took too long.</summary>
    OperationTimeout,

    /// <summary>Ended by the user.</summary>
    OperationStopped,

    /// <summary>Cannot be done in this state.</summary>
    InvalidOperation,

    /// <summary>What was read makes no sense.</summary>
    InvalidData,

    /// <summary>What came back cannot be used.</summary>
    InvalidResult,

    /// <summary>Not on this system.</summary>
    NotImplemented,

    /// <summary>A fault of ours.</summary>
    NotSpecified,

    /// <summary>Something could not be written.</summary>
    WriteError,

    /// <summary>Something could not be read.</summary>
    ReadError,
}
