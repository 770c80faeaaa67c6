using System.Net.Sockets;
using Telepresence.TrafficManager.Agents.Forwarding;

namespace Telepresence.TrafficManager.Agents;

/// <summary>What an agent listens at besides its API: its containers' ports, and SFTP.</summary>
internal sealed class AgentPorts : IAsyncDisposable
{
    private readonly List<PortForwarder> _forwarders = [];
    private readonly ForwarderContext _context;

    private AgentPorts(ForwarderContext context) => _context = context;

    /// <summary>One for each container port and protocol.</summary>
    public IReadOnlyList<PortForwarder> Forwarders => _forwarders;

    /// <summary>Null: volumes are not offered.</summary>
    public SftpExport? Sftp { get; private set; }

    /// <exception cref="SocketException">A port is in use.</exception>
    public static async Task<AgentPorts> StartAsync(
        TrafficAgentOptions options,
        ClientConnector clients,
        TunnelReports reports
    )
    {
        var ports = new AgentPorts(new ForwarderContext(options, clients, reports));
        try
        {
            foreach (
                var port in options.Containers.SelectMany(c => c.Ports).DistinctBy(p => (p.ContainerPort, p.Protocol))
            )
                ports._forwarders.Add(
                    port.Protocol == ProtocolType.Udp
                        ? new UdpForwarder(port, ports._context)
                        : new TcpForwarder(port, ports._context)
                );
            if (options.ExportDirectory is { } directory)
                ports.Sftp = SftpExport.Start(directory, options.Listen.Address, ports._context.Logger);
            return ports;
        }
        catch
        {
            await ports.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var forwarder in _forwarders)
            await forwarder.DisposeAsync().ConfigureAwait(false);
        if (Sftp is { } sftp)
            await sftp.DisposeAsync().ConfigureAwait(false);
        await _context.DisposeAsync().ConfigureAwait(false);
    }
}
