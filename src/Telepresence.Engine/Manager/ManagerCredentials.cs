using Telepresence.Client.Errors;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;

namespace Telepresence.Engine.Manager;

/// <summary>
/// The user's bearer token in the metadata of calls, once the manager has said that it looks at it (2.31 and later): no other
/// manager is sent one. A token is asked for with each call, since it may have been renewed.
/// </summary>
internal sealed class ManagerCredentials(ManagerConnectionOptions options) : ICallCredentials
{
    private volatile bool _areWanted;

    /// <summary>Does as the manager wants from now on.</summary>
    /// <exception cref="TelepresenceException">ManagerUnauthorized: it insists on a token, and there is none.</exception>
    public async Task FollowAsync(VersionInfo2 manager, CancellationToken cancellationToken)
    {
        _areWanted = manager.AuthSupported || manager.AuthRequired;
        if (manager.AuthRequired && await TokenAsync(cancellationToken).ConfigureAwait(false) is null)
        {
            var why = options.Tokens?.WhyNone ?? "this way into the cluster has no kubeconfig user";
            throw ManagerErrors.Unauthorized(options, $"it wants a bearer token, and {why}", null);
        }
    }

    public async ValueTask<Metadata?> GetMetadataAsync(CancellationToken cancellationToken)
    {
        if (!_areWanted || await TokenAsync(cancellationToken).ConfigureAwait(false) is not { } token)
            return null;
        var metadata = new Metadata();
        metadata.Add("authorization", $"Bearer {token}");
        return metadata;
    }

    public void Invalidate() => options.Tokens?.Invalidate();

    private ValueTask<string?> TokenAsync(CancellationToken cancellationToken) =>
        options.Tokens?.GetAsync(cancellationToken) ?? default;
}
