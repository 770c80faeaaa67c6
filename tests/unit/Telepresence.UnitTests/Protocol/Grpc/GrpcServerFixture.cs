using System.Net;
using System.Net.Sockets;
using Google.Protobuf.WellKnownTypes;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Telepresence.Protocol.Grpc;
using Telepresence.TrafficManager.Grpc;

namespace Telepresence.UnitTests.Protocol.Grpc;

/// <summary>A gRPC server on loopback with methods of the test's, and a channel to it.</summary>
internal sealed class GrpcServerFixture : IAsyncDisposable
{
    public static readonly Method<StringValue, StringValue> Unary = new(MethodType.Unary, "test", "Unary");
    public static readonly Method<StringValue, StringValue> Streaming = new(
        MethodType.ServerStreaming,
        "test",
        "Streaming"
    );
    public static readonly Method<StringValue, StringValue> Duplex = new(MethodType.DuplexStreaming, "test", "Duplex");

    private readonly KestrelServer _kestrel;

    private GrpcServerFixture(KestrelServer kestrel, GrpcChannel channel) => (_kestrel, Channel) = (kestrel, channel);

    public GrpcChannel Channel { get; }

    public static async Task<GrpcServerFixture> StartAsync(GrpcTransport transport, Action<MethodTable> methods)
    {
        var options = new KestrelServerOptions();
        options.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
        var kestrel = new KestrelServer(
            Options.Create(options),
            new SocketTransportFactory(Options.Create(new SocketTransportOptions()), NullLoggerFactory.Instance),
            NullLoggerFactory.Instance
        );
        var table = new MethodTable();
        methods(table);
        var application = new GrpcApplication(
            table,
            GrpcFraming.DefaultMaxMessageSize,
            TimeProvider.System,
            NullLogger.Instance,
            default
        );
        await kestrel.StartAsync(application, default);
        var port = new Uri(kestrel.Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;
        var channel = new GrpcChannel(
            async cancellationToken =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            },
            new GrpcChannelOptions { MaxReceiveMessageSize = 1000, Transport = transport }
        );
        return new GrpcServerFixture(kestrel, channel);
    }

    public async ValueTask DisposeAsync()
    {
        Channel.Dispose();
        using var atOnce = new CancellationTokenSource(TimeSpan.Zero);
        await _kestrel.StopAsync(atOnce.Token);
        _kestrel.Dispose();
    }
}
