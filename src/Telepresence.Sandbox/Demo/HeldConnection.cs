using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace Telepresence.Sandbox.Demo;

/// <summary>A TCP connection to an echo service, held open by curl, else by .NET; the echo was seen.</summary>
internal sealed class HeldConnection : IAsyncDisposable
{
    private const string Greeting = "hold the line";

    private readonly IDisposable _client;

    private HeldConnection(IDisposable client) => _client = client;

    /// <exception cref="VerdictException">No echo came.</exception>
    public static async Task<HeldConnection> OpenAsync(string host, int port, CancellationToken cancellationToken)
    {
        if (!ForeignProgram.Exists("curl"))
        {
            var socket = new TcpClient();
            await socket.ConnectAsync(host, port, cancellationToken).ConfigureAwait(false);
            return await GreetAsync(socket, socket.GetStream(), socket.GetStream(), cancellationToken)
                .ConfigureAwait(false);
        }
        var curl = ForeignProgram.Start(
            "curl",
            ["-sSN", "--noproxy", "*", "--max-time", "25", $"telnet://{host}:{port}"]
        );
        return await GreetAsync(curl, curl.StandardInput.BaseStream, curl.StandardOutput.BaseStream, cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>Ends the program and with it the connection.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_client is Process { HasExited: false } process)
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
        }
        else if (_client is TcpClient)
        {
            _client.Dispose();
        }
    }

    private static async Task<HeldConnection> GreetAsync(
        IDisposable client,
        Stream input,
        Stream output,
        CancellationToken cancellationToken
    )
    {
        var connection = new HeldConnection(client);
        try
        {
            await input.WriteAsync(Encoding.ASCII.GetBytes(Greeting), cancellationToken).ConfigureAwait(false);
            await input.FlushAsync(cancellationToken).ConfigureAwait(false);
            var echo = new byte[Greeting.Length];
            await output.ReadExactlyAsync(echo, cancellationToken).ConfigureAwait(false);
            return Encoding.ASCII.GetString(echo) == Greeting
                ? connection
                : throw new VerdictException("the echo differs from what was sent");
        }
        catch (EndOfStreamException)
        {
            var why = client is Process curl
                ? await curl.StandardError.ReadToEndAsync(cancellationToken).ConfigureAwait(false)
                : "";
            await connection.DisposeAsync().ConfigureAwait(false);
            throw new VerdictException($"the connection ended before the echo came; {why.Trim()}");
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}
