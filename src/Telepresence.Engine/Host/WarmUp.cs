using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Telepresence.Client.Contract;
using Telepresence.Client.Objects;

namespace Telepresence.Engine.Host;

/// <summary>
/// Makes what the first connect needs and what takes long to make, while whoever started the engine prepares that call. The
/// connect makes what is not there yet: nothing depends on this but the time it takes (bench/connect.ps1).
/// </summary>
internal static class WarmUp
{
    public static void Run()
    {
        ReadSystemCertificates();
        ContractJson.Default.Options.GetTypeInfo(typeof(ConnectParameters)).MakeReadOnly();
        ContractJson.Default.Options.GetTypeInfo(typeof(TelepresenceSession)).MakeReadOnly();
    }

    /// <summary>On Linux every chain is built with them, whatever authority a kubeconfig names: hundreds of files.</summary>
    private static void ReadSystemCertificates()
    {
        try
        {
            using X509Store store = new(StoreName.Root, StoreLocation.LocalMachine, OpenFlags.ReadOnly);
            foreach (var certificate in store.Certificates)
            {
                certificate.Dispose();
            }
        }
        catch (CryptographicException)
        {
            // Whoever needs them says what is wrong with them.
            return;
        }
    }
}
