namespace Telepresence.Engine.Dns.Resolved;

/// <summary>The bus or a service on it answered with an error, or with something that is no D-Bus.</summary>
/// <param name="errorName">The D-Bus error name.</param>
internal sealed class DBusException(string errorName, string message) : IOException($"{message} ({errorName})")
{
    public const string Malformed = "telepresence.Malformed";
    public const string AuthenticationFailed = "telepresence.AuthenticationFailed";

    public string ErrorName { get; } = errorName;
}
