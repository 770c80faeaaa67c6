using Telepresence.Peers.Load;

namespace Telepresence.UnitTests.Peers.Load;

public class DnsPerfTests
{
    private const string Summary = """
        Statistics:

          Queries sent:         45219
          Queries completed:    45200 (99.96%)
          Queries lost:         19 (0.04%)

          Response codes:       NOERROR 45200 (100.00%)
          Average packet size:  request 41, response 57
          Run time (s):         1.000718
          Queries per second:   45186.556053
        """;

    [Fact]
    public void Reads_the_summary() => Assert.Equal(new DnsPerfResult(45186.556053, 0.04), DnsPerf.Parse(Summary));

    [Fact]
    public void Answers_without_data_are_no_result() =>
        Assert.Throws<IOException>(() =>
            DnsPerf.Parse(Summary.Replace("NOERROR 45200 (100.00%)", "NOERROR 200 (0.44%), NXDOMAIN 45000 (99.56%)"))
        );

    [Fact]
    public void An_error_is_no_result() => Assert.Throws<IOException>(() => DnsPerf.Parse("Error: unable to connect"));
}
