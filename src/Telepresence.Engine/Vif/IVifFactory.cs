using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using Telepresence.Client.Errors;

namespace Telepresence.Engine.Vif;

/// <summary>What a virtual interface is to look like.</summary>
internal sealed record VifOptions
{
    /// <summary>The kernel puts the first free number in place of %d.</summary>
    public string NameTemplate { get; init; } = "tel%d";

    public int Mtu { get; init; } = 1500;

    public int QueueCount { get; init; } = 1;

    /// <summary>
    /// Addresses of the interface itself, both families. An IPv4 address is needed even where only IPv6 is routed: the
    /// kernel's reverse path filter drops what comes in by an interface without one.
    /// </summary>
    public required IReadOnlyList<IPAddress> Addresses { get; init; }

    /// <summary>The most to ask the kernel for; tests that drop single packets ask for none.</summary>
    public DeviceOffloads Offloads { get; init; } = DeviceOffloads.All;

    /// <summary>
    /// Open handles of /dev/net/tun without an interface yet, one a queue, from a launcher that was allowed to open it.
    /// The device owns them from then on. Null: open it here.
    /// </summary>
    public IReadOnlyList<SafeFileHandle>? Handles { get; init; }
}

/// <summary>Makes virtual interfaces, up and with addresses.</summary>
internal interface IVifFactory
{
    /// <exception cref="TelepresenceException">TunUnavailable: the operating system gives none.</exception>
    IPacketDevice Create(VifOptions options);
}

/// <summary>The one place that chooses by operating system.</summary>
internal sealed class VifFactory(ILoggerFactory loggers) : IVifFactory
{
    public IPacketDevice Create(VifOptions options) =>
        OperatingSystem.IsLinux()
            ? new TunDevice(options, loggers.CreateLogger<TunDevice>())
            : throw ErrorCatalogue.Error(
                ErrorId.PlatformNotYetSupported,
                null,
                ("feature", "The virtual network interface"),
                ("platform", System.Runtime.InteropServices.RuntimeInformation.OSDescription)
            );
}
