using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace Telepresence.Sandbox.Demo;

/// <summary>.NET's own clients, for machines that lack the usual programs; reported in the same shape.</summary>
internal static class DotNetClient
{
    /// <summary>Runs a client with the usual time-out.</summary>
    /// <param name="call">Shown as the command line.</param>
    /// <param name="client">Returns what it received.</param>
    public static async Task<Observation> RunAsync(
        string call,
        Func<CancellationToken, Task<string>> client,
        CancellationToken cancellationToken
    )
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(ForeignProgram.DefaultTimeout);
        try
        {
            return new Observation(call, 0, await client(deadline.Token).ConfigureAwait(false), "");
        }
        catch (Exception e) when (e is SocketException or HttpRequestException)
        {
            return new Observation(call, 1, "", e.Message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new Observation(call, null, "", "");
        }
    }

    /// <summary>Sends one datagram and waits for one.</summary>
    public static async Task<string> ExchangeDatagramAsync(
        string host,
        int port,
        string text,
        CancellationToken cancellationToken
    )
    {
        using var client = new UdpClient(host, port);
        await client.SendAsync(System.Text.Encoding.ASCII.GetBytes(text), cancellationToken).ConfigureAwait(false);
        var answer = await client.ReceiveAsync(cancellationToken).ConfigureAwait(false);
        return System.Text.Encoding.ASCII.GetString(answer.Buffer);
    }

    /// <summary>Fetches a page.</summary>
    public static async Task<string> FetchAsync(string url, CancellationToken cancellationToken)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        return await client.GetStringAsync(new Uri(url), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Fetches from an API server whose certificate a private authority has signed.</summary>
    public static async Task<string> FetchFromApiAsync(
        string url,
        string authorityFile,
        string token,
        CancellationToken cancellationToken
    )
    {
        var handler = new SocketsHttpHandler { UseProxy = false };
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            CustomTrustStore = { X509CertificateLoader.LoadCertificateFromFile(authorityFile) },
        };
        using var client = new HttpClient(handler);
        client.DefaultRequestHeaders.Authorization = new("Bearer", token);
        return await client.GetStringAsync(new Uri(url), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What the system says to a connect, in its own words.</summary>
    public static async Task<string> ConnectAsync(string host, int port, CancellationToken cancellationToken)
    {
        using var client = new TcpClient(AddressFamily.InterNetwork);
        try
        {
            await client.ConnectAsync(host, port, cancellationToken).ConfigureAwait(false);
            return "connected";
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
        {
            return e.Message;
        }
    }
}
