using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Runtime.Versioning;
using Telepresence.Client.Objects;

namespace Telepresence.Engine.Session.Views;

/// <summary>
/// Joins /proc/net/{tcp,udp} (socket → inode) with /proc/PID/fd (inode → process), as ss and lsof do. Processes of other
/// users stay unknown unless the engine is root.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class ProcSocketOwners : ISocketOwners
{
    private readonly Dictionary<(TransportProtocol, IPEndPoint Local, IPEndPoint Remote), long> _inodes = [];
    private Dictionary<long, int>? _processes;

    public static ProcSocketOwners Read()
    {
        var owners = new ProcSocketOwners();
        owners.ReadSockets("/proc/net/tcp", TransportProtocol.Tcp);
        owners.ReadSockets("/proc/net/tcp6", TransportProtocol.Tcp);
        owners.ReadSockets("/proc/net/udp", TransportProtocol.Udp);
        owners.ReadSockets("/proc/net/udp6", TransportProtocol.Udp);
        return owners;
    }

    public int Find(TransportProtocol protocol, IPEndPoint local, IPEndPoint remote)
    {
        var any = new IPEndPoint(
            local.Address.AddressFamily == remote.Address.AddressFamily && local.Address.GetAddressBytes().Length == 4
                ? IPAddress.Any
                : IPAddress.IPv6Any,
            0
        );
        // Unconnected UDP sockets have no remote address, perhaps not even a local one.
        var found =
            _inodes.TryGetValue((protocol, local, remote), out var inode)
            || _inodes.TryGetValue((protocol, local, any), out inode)
            || _inodes.TryGetValue((protocol, new IPEndPoint(any.Address, local.Port), any), out inode);
        return found ? (_processes ??= ReadProcesses()).GetValueOrDefault(inode) : 0;
    }

    /// <summary>Columns: sl local rem st tx:rx tr:when retrnsmt uid timeout inode …</summary>
    private void ReadSockets(string path, TransportProtocol protocol)
    {
        if (!File.Exists(path))
            return;
        foreach (var line in File.ReadLines(path).Skip(1))
        {
            var columns = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (
                columns.Length > 9
                && ParseEndPoint(columns[1]) is { } local
                && ParseEndPoint(columns[2]) is { } remote
                && long.TryParse(columns[9], CultureInfo.InvariantCulture, out var inode)
            )
                _inodes[(protocol, local, remote)] = inode;
        }
    }

    /// <summary>Addresses are 32-bit words in host order, written as hex.</summary>
    internal static IPEndPoint? ParseEndPoint(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (
            colon is not (8 or 32)
            || !ushort.TryParse(text[(colon + 1)..], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var port)
        )
            return null;
        var bytes = new byte[colon / 2];
        for (var word = 0; word < colon / 8; word++)
        {
            var hex = text.AsSpan(word * 8, 8);
            if (!uint.TryParse(hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var value))
                return null;
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(word * 4), value);
        }
        var address = new IPAddress(bytes);
        return new IPEndPoint(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address, port);
    }

    private static Dictionary<long, int> ReadProcesses()
    {
        var processes = new Dictionary<long, int>();
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(directory), NumberStyles.None, CultureInfo.InvariantCulture, out var pid))
                ReadDescriptors(directory, pid, processes);
        }
        return processes;
    }

    private static void ReadDescriptors(string directory, int pid, Dictionary<long, int> processes)
    {
        const string prefix = "socket:[";
        try
        {
            foreach (var descriptor in new DirectoryInfo(Path.Combine(directory, "fd")).EnumerateFiles())
            {
                if (
                    descriptor.LinkTarget is { } target
                    && target.StartsWith(prefix, StringComparison.Ordinal)
                    && long.TryParse(target[prefix.Length..^1], CultureInfo.InvariantCulture, out var inode)
                )
                    processes.TryAdd(inode, pid);
            }
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            // Another user's process, or one that just ended: its sockets stay unknown.
        }
    }
}
