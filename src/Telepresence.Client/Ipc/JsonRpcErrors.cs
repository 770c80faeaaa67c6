using Telepresence.Client.Contract;
using Telepresence.Client.Errors;

namespace Telepresence.Client.Ipc;

/// <summary>Which JSON-RPC error an exception becomes.</summary>
internal static class JsonRpcErrors
{
    public static JsonRpcError FromException(Exception exception, CancellationToken cancellationToken) =>
        exception switch
        {
            TelepresenceException typed => Typed(typed.ToData()),
            ITypedError typed => Typed(typed.ToData()),
            InvalidParametersException e => new JsonRpcError
            {
                Code = JsonRpcError.InvalidParams,
                Message = $"invalid params: {e.Message}",
            },
            MissingMethodException e => new JsonRpcError { Code = JsonRpcError.MethodNotFound, Message = e.Message },
            OperationCanceledException when cancellationToken.IsCancellationRequested => new JsonRpcError
            {
                Code = JsonRpcError.Cancelled,
                Message = "cancelled",
                Data = ErrorCatalogue.Error(ErrorId.Cancelled, null, ("what", "on request")).ToData(),
            },
            _ => Typed(
                ErrorCatalogue
                    .Error(
                        ErrorId.InternalError,
                        null,
                        exception,
                        ("reason", $"{exception.GetType().Name}: {exception.Message}")
                    )
                    .ToData()
            ) with
            {
                Code = JsonRpcError.InternalError,
            },
        };

    private static JsonRpcError Typed(ErrorData data) =>
        new()
        {
            Code = JsonRpcError.Typed,
            Message = data.Message,
            Data = data,
        };
}
