using Telepresence.Peers;

namespace Telepresence.UnitTests.Peers;

public class PeersOptionsTests
{
    [Fact]
    public void Five_runs_of_everything_are_the_default()
    {
        var options = PeersOptions.Parse([]);
        Assert.Equal((5, 0), (options.Runs, options.Only.Count));
        Assert.Null(options.Json);
        Assert.Null(options.Plot);
    }

    [Fact]
    public void Quick_is_one_run_of_the_first_rows_unless_others_are_named()
    {
        var quick = PeersOptions.Parse(["--quick", "--json", "f.json", "--plot", "f.svg"]);
        Assert.Equal((1, "f.json", "f.svg"), (quick.Runs, quick.Json, quick.Plot));
        Assert.Equal(Measures.Quick, quick.Only);
        Assert.Equal(["udp_1200", "memory"], PeersOptions.Parse(["--only", "udp_1200,memory", "--quick"]).Only);
    }

    [Theory]
    [InlineData("--only", "tcp2_up")]
    [InlineData("--runs", "0")]
    [InlineData("--runs")]
    [InlineData("--fast")]
    public void What_makes_no_sense_is_refused(params string[] arguments) =>
        Assert.Throws<FormatException>(() => PeersOptions.Parse(arguments));
}
