using System.Net;
using Telepresence.Client.Errors;

namespace Telepresence.PowerShell.Vnat;

/// <summary>Addresses as users write them.</summary>
internal static class Addresses
{
    /// <exception cref="TelepresenceException">InvalidAddress.</exception>
    public static IPAddress Parse(string text) =>
        IPAddress.TryParse(text, out var address)
            ? address
            : throw ErrorCatalogue.Error(ErrorId.InvalidAddress, text, ("value", text));
}
