using Telepresence.Peers.Load;

namespace Telepresence.UnitTests.Peers.Load;

public class IperfTests
{
    [Fact]
    public void The_receiving_side_counts()
    {
        const string json = """
            {"end": {
              "streams": [
                {"sender": {"bytes": 500}, "receiver": {"bytes": 100}},
                {"sender": {"bytes": 500}, "receiver": {"bytes": 300}}
              ],
              "sum_sent": {"bytes": 1000, "bits_per_second": 8000},
              "sum_received": {"bytes": 400, "bits_per_second": 3200.5}
            }}
            """;
        Assert.Equal(new IperfResult(3200.5, 400, 0.8), Iperf.Parse(json));
    }

    [Theory]
    [InlineData("""{"start": {}, "end": {}, "error": "unable to connect to server"}""", "unable to connect")]
    [InlineData("""{"end": {}}""", "iperf3 said")]
    [InlineData("", "iperf3 said")]
    public void An_error_is_no_result(string json, string expected) =>
        Assert.Contains(expected, Assert.Throws<IOException>(() => Iperf.Parse(json)).Message);

    [Fact]
    public void Fairness_goes_from_one_for_all_to_the_same_for_each()
    {
        Assert.Equal(1, Iperf.Jain([7, 7, 7, 7]));
        Assert.Equal(0.25, Iperf.Jain([7, 0, 0, 0]));
        Assert.Equal(0, Iperf.Jain([0, 0]));
    }
}
