using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Telepresence.Protocol.Grpc;

namespace Telepresence.TrafficManager.Grpc;

/// <summary>gRPC's rules between Kestrel and the methods: content type, deadline, status.</summary>
internal sealed partial class GrpcApplication(
    MethodTable methods,
    int maxReceiveMessageSize,
    TimeProvider timeProvider,
    ILogger logger,
    CancellationToken stopping
) : IHttpApplication<HttpContext>
{
    public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

    public void DisposeContext(HttpContext context, Exception? exception) { }

    public async Task ProcessRequestAsync(HttpContext context)
    {
        var request = context.Request;
        if (
            request.Method != HttpMethods.Post
            || request.ContentType?.StartsWith(GrpcHeaders.ContentType, StringComparison.OrdinalIgnoreCase) != true
        )
        {
            context.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            return;
        }
        context.Response.ContentType = GrpcHeaders.ContentType;
        var handler = methods.Find(request.Path.Value);
        if (handler is null)
        {
            End(context, new Status(StatusCode.Unimplemented, $"There is no method {request.Path.Value}."));
            return;
        }
        using var deadline = Deadline(request) is { } timeout
            ? new CancellationTokenSource(timeout, timeProvider)
            : null;
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(
            context.RequestAborted,
            stopping,
            deadline?.Token ?? default
        );
        var status = await ServeAsync(handler, new ServerCall(context, maxReceiveMessageSize, ended.Token), deadline)
            .ConfigureAwait(false);
        if (!context.RequestAborted.IsCancellationRequested)
            End(context, status);
    }

    [SuppressMessage("Design", "CA1031", Justification = "One call's fault must not end the server; it is logged.")]
    private async Task<Status> ServeAsync(CallHandler handler, ServerCall call, CancellationTokenSource? deadline)
    {
        try
        {
            await handler(call).ConfigureAwait(false);
            return Status.DefaultSuccess;
        }
        catch (RpcException e)
        {
            return e.Status;
        }
        catch (Exception e) when (deadline is { IsCancellationRequested: true })
        {
            return new Status(StatusCode.DeadlineExceeded, "The deadline is over.", e);
        }
        catch (Exception e) when (call.CancellationToken.IsCancellationRequested)
        {
            return stopping.IsCancellationRequested
                ? new Status(StatusCode.Unavailable, "The server stops.", e)
                : new Status(StatusCode.Cancelled, "The call was given up.", e);
        }
        catch (Exception e)
        {
            LogFault(logger, call.Context.Request.Path.Value, e);
            return new Status(StatusCode.Unknown, e.Message, e);
        }
    }

    private static TimeSpan? Deadline(HttpRequest request)
    {
        // CancellationTokenSource takes about 49 days at most; a longer deadline is none.
        return
            request.Headers.TryGetValue(GrpcHeaders.Timeout, out var text)
            && GrpcHeaders.TryParseTimeout(text.ToString(), out var timeout)
            && timeout.TotalMilliseconds < int.MaxValue
            ? timeout
            : null;
    }

    private static void End(HttpContext context, Status status)
    {
        var code = ((int)status.StatusCode).ToString(CultureInfo.InvariantCulture);
        var message = GrpcHeaders.EncodeMessage(status.Detail);
        if (context.Response.HasStarted)
        {
            context.Response.AppendTrailer(GrpcHeaders.Status, code);
            if (message.Length > 0)
                context.Response.AppendTrailer(GrpcHeaders.Message, message);
        }
        else
        {
            context.Response.Headers[GrpcHeaders.Status] = code;
            if (message.Length > 0)
                context.Response.Headers[GrpcHeaders.Message] = message;
        }
    }

    [LoggerMessage(LogLevel.Error, "Call of {Path} failed")]
    private static partial void LogFault(ILogger logger, string? path, Exception exception);
}
