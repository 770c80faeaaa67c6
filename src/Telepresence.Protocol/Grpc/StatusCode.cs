namespace Telepresence.Protocol.Grpc;

/// <summary>gRPC status codes.</summary>
public enum StatusCode
{
    /// <summary>Success.</summary>
    OK = 0,

    /// <summary>The caller gave up, or the peer ended the call.</summary>
    Cancelled = 1,

    /// <summary>An error that says no more.</summary>
    Unknown = 2,

    /// <summary>A bad argument, whatever the state of the system.</summary>
    InvalidArgument = 3,

    /// <summary>The time was over.</summary>
    DeadlineExceeded = 4,

    /// <summary>No such thing; for a session: connect anew.</summary>
    NotFound = 5,

    /// <summary>There is one already.</summary>
    AlreadyExists = 6,

    /// <summary>Not allowed.</summary>
    PermissionDenied = 7,

    /// <summary>A limit was reached, such as the message size.</summary>
    ResourceExhausted = 8,

    /// <summary>The system's state does not allow it.</summary>
    FailedPrecondition = 9,

    /// <summary>Lost against a concurrent change.</summary>
    Aborted = 10,

    /// <summary>Past the valid range.</summary>
    OutOfRange = 11,

    /// <summary>The peer has no such method.</summary>
    Unimplemented = 12,

    /// <summary>The protocol was broken.</summary>
    Internal = 13,

    /// <summary>The peer cannot be reached now.</summary>
    Unavailable = 14,

    /// <summary>Data are lost.</summary>
    DataLoss = 15,

    /// <summary>No valid credentials.</summary>
    Unauthenticated = 16,
}
