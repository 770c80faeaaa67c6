using System.Net;
using System.Net.Sockets;

namespace Telepresence.Peers.Relay;

/// <summary>
/// The near side of a relay over HTTP/2: for each connection a duplex request of HttpClient to <see cref="HttpRelayServer"/>,
/// all on one connection, as tunnels have it, without a stack and without tunnel messages.
/// </summary>
internal static class HttpRelay
{
    private const int StreamWindow = 2 * 1024 * 1024;

    public static async Task<int> RunAsync(string listen, string server, IEnumerable<int> ports)
    {
        using var handler = new SocketsHttpHandler
        {
            EnableMultipleHttp2Connections = false,
            InitialHttp2StreamWindowSize = StreamWindow,
            UseProxy = false,
        };
        using var client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        return await RelayListener
            .RunAsync(
                IPAddress.Parse(listen),
                ports,
                (near, port) => CarryAsync(client, near, $"http://{server}/{port}")
            )
            .ConfigureAwait(false);
    }

    private static async Task CarryAsync(HttpClient client, Socket near, string url)
    {
        using var content = new DuplexContent();
        using var request = new HttpRequestMessage(HttpMethod.Post, url)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = content,
        };
        using var response = await client
            .SendAsync(request, HttpCompletionOption.ResponseHeadersRead)
            .ConfigureAwait(false);
        var output = await content.Output.ConfigureAwait(false);
        var input = await response.Content.ReadAsStreamAsync().ConfigureAwait(false);
        await using (input.ConfigureAwait(false))
        {
            await DuplexCopy.RunAsync(near, input, output, content.End).ConfigureAwait(false);
        }
    }

    /// <summary>A request body that is written from outside until it is ended.</summary>
    private sealed class DuplexContent : HttpContent
    {
        private readonly TaskCompletionSource<Stream> _output = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<Stream> Output => _output.Task;

        public void End() => _end.TrySetResult();

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            _output.TrySetResult(stream);
            return FlushAndWaitAsync(stream);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }

        protected override void Dispose(bool disposing)
        {
            End();
            base.Dispose(disposing);
        }

        private async Task FlushAndWaitAsync(Stream stream)
        {
            await stream.FlushAsync().ConfigureAwait(false);
            await _end.Task.ConfigureAwait(false);
        }
    }
}
