using System.Text.Json;
using Telepresence.Client.Contract;
using Telepresence.Client.Objects;

namespace Telepresence.UnitTests.Client.Contract;

public class ContractJsonTests
{
    [Fact]
    public void Names_are_camel_case_and_enums_are_names()
    {
        var json = JsonSerializer.Serialize(
            new WaitParameters("demo", SessionState.Connected, 5),
            ContractJson.Default.WaitParameters
        );

        Assert.Equal("""{"session":"demo","state":"Connected","timeoutSeconds":5}""", json);
    }

    [Fact]
    public void Unknown_fields_are_passed_over()
    {
        var parameters = JsonSerializer.Deserialize(
            """{"session":"demo","added":{"later":[1]}}""",
            ContractJson.Default.SessionParameters
        );

        Assert.Equal("demo", parameters!.Session);
    }

    [Fact]
    public void A_connect_survives_the_wire()
    {
        var sent = new ConnectParameters
        {
            Operation = "1",
            Cluster = new ClusterSelection
            {
                Kubeconfig = "/home/ö/config",
                AsGroup = ["dev"],
                Environment = new Dictionary<string, string> { ["PATH"] = "/bin" },
            },
            Subnets = new SubnetSelection { Vnat = ["all"], AutoResolveConflicts = false },
            TimeoutSeconds = 1.5,
        };

        var text = JsonSerializer.Serialize(sent, ContractJson.Default.ConnectParameters);
        var received = JsonSerializer.Deserialize(text, ContractJson.Default.ConnectParameters)!;

        Assert.Equal(text, JsonSerializer.Serialize(received, ContractJson.Default.ConnectParameters));
        Assert.Equal("/bin", received.Cluster.Environment!["PATH"]);
        Assert.False(received.Subnets.AutoResolveConflicts);
    }

    [Fact]
    public void What_is_left_out_is_empty_and_not_null()
    {
        var received = JsonSerializer.Deserialize("{}", ContractJson.Default.ConnectParameters)!;

        Assert.Empty(received.MappedNamespaces);
        Assert.Empty(received.Subnets.Vnat);
        Assert.Empty(received.Cluster.AsGroup);
    }

    [Fact]
    public void A_route_shows_both_spellings_and_reads_back()
    {
        var sent = new TelepresenceRoute { DestinationPrefix = "10.1.0.0/16", InterfaceIndex = 7 };

        var text = JsonSerializer.Serialize([sent], ContractJson.Default.TelepresenceRouteArray);
        var received = JsonSerializer.Deserialize(text, ContractJson.Default.TelepresenceRouteArray)!;

        Assert.Contains("\"ifIndex\":7", text, StringComparison.Ordinal);
        Assert.Equal(7u, received[0].ifIndex);
        Assert.Equal(TimeSpan.MaxValue, TimeSpan.Parse(received[0].ValidLifetime, null));
    }
}
