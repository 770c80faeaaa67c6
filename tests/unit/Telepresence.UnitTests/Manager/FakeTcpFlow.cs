using System.IO.Pipelines;
using System.Net;
using Telepresence.Engine.NetStack;

namespace Telepresence.UnitTests.Manager;

/// <summary>A TCP flow whose application is the test.</summary>
internal sealed class FakeTcpFlow : ITcpFlow
{
    private readonly Pipe _fromApplication = new(new PipeOptions(pauseWriterThreshold: 1 << 20));
    private readonly Pipe _toApplication = new(
        new PipeOptions(pauseWriterThreshold: 1 << 20, resumeWriterThreshold: 1 << 19, minimumSegmentSize: 65536)
    );
    private readonly TaskCompletionSource<string> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _aborted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ReadResult _read;
    private Task _flushed = Task.CompletedTask;

    /// <param name="destination">What the application connected to.</param>
    public FakeTcpFlow(IPEndPoint? destination = null) =>
        Endpoints = new FlowEndpoints(
            IPEndPoint.Parse("192.0.2.1:40000"),
            destination ?? IPEndPoint.Parse("192.0.2.2:80")
        );

    public FlowEndpoints Endpoints { get; }

    public FlowStatistics Statistics => default;

    public Task Closed => _closed.Task;

    /// <summary>accept, refuse or unreachable.</summary>
    public Task<string> Answer => _answer.Task;

    public Task Aborted => _aborted.Task;

    public PipeWriter ApplicationSends => _fromApplication.Writer;

    public PipeReader ApplicationReceives => _toApplication.Reader;

    public void Accept() => _answer.SetResult("accept");

    public void Refuse() => _answer.SetResult("refuse");

    public void Unreachable() => _answer.SetResult("unreachable");

    /// <summary>The application went away before the SYN was answered.</summary>
    public void Close() => _closed.TrySetResult();

    /// <summary>The application's RST.</summary>
    public void ApplicationResets() => _fromApplication.Writer.Complete(new FlowAbortedException("RST"));

    public async ValueTask<ReadOnlyMemory<byte>> ReadAsync(CancellationToken cancellationToken)
    {
        _read = await _fromApplication.Reader.ReadAsync(cancellationToken);
        return _read.Buffer.First;
    }

    public void AdvanceRead(int count) => _fromApplication.Reader.AdvanceTo(_read.Buffer.GetPosition(count));

    public async ValueTask<Memory<byte>> GetWriteMemoryAsync(CancellationToken cancellationToken)
    {
        await _flushed.WaitAsync(cancellationToken);
        return _toApplication.Writer.GetMemory(1);
    }

    public void AdvanceWrite(int count)
    {
        _toApplication.Writer.Advance(count);
        _flushed = _toApplication.Writer.FlushAsync().AsTask();
    }

    public void CompleteWrite() => _toApplication.Writer.Complete();

    public void Abort()
    {
        _aborted.TrySetResult();
        _toApplication.Writer.Complete(new FlowAbortedException("aborted"));
        _closed.TrySetResult();
    }

    public async Task<byte[]> ReceiveAllAsync()
    {
        var stream = new MemoryStream();
        await ApplicationReceives.CopyToAsync(stream);
        return stream.ToArray();
    }
}
