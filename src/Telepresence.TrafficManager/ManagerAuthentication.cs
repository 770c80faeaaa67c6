namespace Telepresence.TrafficManager;

/// <summary>How a traffic-manager of 2.31 and later tells who calls.</summary>
/// <param name="IsValidAsync">Whether a bearer token is somebody's.</param>
/// <param name="IsRequired">False: calls without a valid token are served, too.</param>
public sealed record ManagerAuthentication(
    Func<string, CancellationToken, ValueTask<bool>> IsValidAsync,
    bool IsRequired
);
