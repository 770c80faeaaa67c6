using Telepresence.Client.Objects;
using Telepresence.Client.Sessions;

namespace Telepresence.UnitTests.Client;

public class ConnectionFilterTests
{
    private static readonly TelepresenceConnection _connection = new()
    {
        LocalAddress = "fd00::1",
        LocalPort = 40_001,
        RemoteAddress = "246.0.0.2",
        ClusterAddress = "10.244.0.2",
        RemotePort = 80,
        State = "Established",
        OwningProcess = 7,
    };

    [Fact]
    public void No_filter_lets_everything_pass() => Assert.True(new ConnectionFilter().Matches(_connection));

    [Fact]
    public void Addresses_are_compared_as_addresses_and_the_real_one_counts_too()
    {
        Assert.True(new ConnectionFilter { LocalAddress = ["FD00:0::1"] }.Matches(_connection));
        Assert.True(new ConnectionFilter { RemoteAddress = ["10.244.0.2"] }.Matches(_connection));
        Assert.False(new ConnectionFilter { RemoteAddress = ["10.244.0.20"] }.Matches(_connection));
    }

    [Fact]
    public void Values_are_alternatives_and_properties_add_up()
    {
        Assert.True(new ConnectionFilter { RemotePort = [443, 80], State = ["established"] }.Matches(_connection));
        Assert.False(new ConnectionFilter { RemotePort = [80], OwningProcess = [8] }.Matches(_connection));
        Assert.False(new ConnectionFilter { Protocol = TransportProtocol.Udp }.Matches(_connection));
    }
}
