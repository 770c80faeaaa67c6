using System.Net;
using Google.Protobuf;
using Telepresence.Engine.Manager;
using Telepresence.Protocol.Manager;

namespace Telepresence.UnitTests.Manager;

public class ManagerClusterInfoTests
{
    [Fact]
    public void Older_managers_send_the_address_of_cluster_dns_in_field_1()
    {
        var info = new ClusterInfo
        {
            ServiceSubnet = new IPNet { Ip = ByteString.CopyFrom(10, 96, 0, 0), Mask = 12 },
            ClusterDomain = "old.local",
        };
        info.ServiceCidrsOrKubeDnsIp.Add(ByteString.CopyFrom(10, 96, 0, 10));
        var decoded = ManagerClusterInfo.From(info);
        Assert.Equal(IPAddress.Parse("10.96.0.10"), decoded.KubeDnsAddress);
        Assert.Equal([IPNetwork.Parse("10.96.0.0/12")], decoded.ServiceSubnets);
        Assert.Equal("old.local.", decoded.ClusterDomain);
    }

    [Fact]
    public void Subnets_that_make_no_sense_are_left_out()
    {
        var info = new ClusterInfo();
        info.PodSubnets.Add(new IPNet { Ip = ByteString.CopyFrom(1, 2, 3), Mask = 8 });
        info.PodSubnets.Add(new IPNet { Ip = ByteString.CopyFrom(10, 0, 0, 0), Mask = 33 });
        info.PodSubnets.Add(new IPNet { Ip = ByteString.CopyFrom(10, 0, 0, 0), Mask = -1 });
        info.PodSubnets.Add(new IPNet { Ip = ByteString.CopyFrom(10, 1, 2, 3), Mask = 8 });
        info.ServiceCidrsOrKubeDnsIp.Add(ByteString.CopyFrom(1, 2, 3, 4, 5, 6, 7));
        var decoded = ManagerClusterInfo.From(info);
        Assert.Equal([IPNetwork.Parse("10.0.0.0/8")], decoded.PodSubnets);
        Assert.Empty(decoded.ServiceSubnets);
    }
}
