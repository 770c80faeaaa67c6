using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;

namespace Telepresence.TrafficManager.Grpc;

/// <summary>Bearer tokens in the calls' metadata, as 2.31 has them.</summary>
/// <param name="options">Whose tokens count.</param>
internal sealed class CallAuthentication(ManagerAuthentication options)
{
    private const string Scheme = "Bearer ";

    /// <summary>True: anybody may call it. Who does not know whether a token is wanted begins with Version.</summary>
    public static bool IsOpen(string path) =>
        path == ManagerMethods.Version.FullName
        || path == HealthClient.CheckMethod.FullName
        || path == HealthClient.WatchMethod.FullName;

    /// <exception cref="RpcException">Unauthenticated.</exception>
    public async ValueTask CheckAsync(ServerCall call)
    {
        var header = call.Context.Request.Headers.Authorization.ToString();
        var token = header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? header[Scheme.Length..].Trim() : "";
        var isValid =
            token.Length > 0 && await options.IsValidAsync(token, call.CancellationToken).ConfigureAwait(false);
        if (options.IsRequired && !isValid)
            throw new RpcException(
                StatusCode.Unauthenticated,
                token.Length > 0 ? "The bearer token is not valid" : "The call has no bearer token"
            );
    }
}
