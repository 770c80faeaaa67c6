namespace Telepresence.Engine.Dns;

/// <summary>RCODEs (RFC 1035 §4.1.1, RFC 6891 §9).</summary>
internal static class ResponseCode
{
    public const int NoError = 0;
    public const int FormatError = 1;
    public const int ServerFailure = 2;
    public const int NonexistentDomain = 3;
    public const int NotImplemented = 4;
    public const int Refused = 5;

    /// <summary>Extended: the EDNS version is not 0.</summary>
    public const int BadVersion = 16;
}
