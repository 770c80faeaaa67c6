using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Telepresence.Client.Errors;

namespace Telepresence.Engine.Routing;

/// <summary>The one place that chooses by operating system.</summary>
internal static class RoutingFactory
{
    /// <exception cref="TelepresenceException">PlatformNotYetSupported.</exception>
    public static IRouting Create(ILoggerFactory loggers) =>
        OperatingSystem.IsLinux()
            ? new LinuxRouting(loggers.CreateLogger<LinuxRouting>())
            : throw ErrorCatalogue.Error(
                ErrorId.PlatformNotYetSupported,
                null,
                ("feature", "Routing"),
                ("platform", RuntimeInformation.OSDescription)
            );
}
