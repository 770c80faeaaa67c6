using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;
using Telepresence.Protocol.Tunnel;

namespace Telepresence.UnitTests.TrafficManager;

/// <summary>The client's end of a tunnel, message by message.</summary>
internal sealed class TestTunnel : IDisposable
{
    private readonly GrpcCall _call;
    private readonly TunnelWriter _writer;
    private TunnelReader? _reader;
    private readonly CancellationTokenSource _patience;

    private TestTunnel(GrpcCall call, Stream requests, CancellationTokenSource patience)
    {
        _call = call;
        _patience = patience;
        _writer = new TunnelWriter(requests);
    }

    public static Task<TestTunnel> OpenAsync(ManagerClient client, byte[] streamInfo) =>
        OpenAsync(client.OpenTunnel(), streamInfo);

    public static async Task<TestTunnel> OpenAsync(GrpcCall call, byte[] streamInfo)
    {
        // Not as a deadline: the manager would measure it by the test's clock.
        var patience = new CancellationTokenSource(ManagerFixture.Patience);
        patience.Token.Register(call.Dispose);
        var tunnel = new TestTunnel(call, await call.GetRequestStreamAsync(), patience);
        await tunnel.SendAsync(TunnelMessageCode.StreamInfo, streamInfo);
        return tunnel;
    }

    public async Task SendAsync(TunnelMessageCode code, params byte[] body) =>
        await _writer.WriteAsync(code, body, _call.CancellationToken);

    public void CompleteRequest() => _call.CompleteRequest();

    public void Dispose()
    {
        _call.Dispose();
        _patience.Dispose();
    }

    public async Task<byte[]> ExpectAsync(TunnelMessageCode code)
    {
        var message = await NextAsync();
        Assert.NotNull(message);
        Assert.Equal(code, message.Value.Code);
        return message.Value.Body;
    }

    public async Task<byte[]> ExpectDataAsync(int length)
    {
        var data = new List<byte>();
        while (data.Count < length)
            data.AddRange(await ExpectAsync(TunnelMessageCode.Data));
        return [.. data];
    }

    /// <summary>Null at the end of a call that ended with OK.</summary>
    public async Task<(TunnelMessageCode Code, byte[] Body)?> NextAsync()
    {
        try
        {
            _reader ??= new TunnelReader(await _call.GetResponseStreamAsync());
            if (!await _reader.ReadAsync(_call.CancellationToken))
            {
                _call.ThrowUnlessOk();
                return null;
            }
            var body = new byte[_reader.Remaining];
            await _reader.ReadWholeBodyAsync(body, _call.CancellationToken);
            return (_reader.Code, body);
        }
        catch (Exception e) when (GrpcCall.IsOfTransport(e))
        {
            throw _call.Translate(e);
        }
    }

    public async Task<StatusCode> EndAsync()
    {
        try
        {
            while (await NextAsync() is not null) { }
            return StatusCode.OK;
        }
        catch (RpcException e)
        {
            return e.StatusCode;
        }
    }
}
