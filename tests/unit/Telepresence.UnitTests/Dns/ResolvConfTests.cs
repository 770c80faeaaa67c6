using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Telepresence.Engine.Dns;

namespace Telepresence.UnitTests.Dns;

public sealed class ResolvConfTests : IDisposable
{
    private const string Original = "# mine\nnameserver 127.0.0.11\nsearch example.org\noptions ndots:0\n";
    private static readonly IPAddress Ours = IPAddress.Parse("246.0.0.2");

    private readonly string _directory = Directory.CreateTempSubdirectory("tp-resolv").FullName;

    private string Conf => Path.Combine(_directory, "resolv.conf");

    private ResolvConfFile Subject => new(Conf, "me");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void It_is_read_as_the_C_library_reads_it()
    {
        var conf = ResolvConf.Parse(
            """
            ; a comment
            # another
            nameserver 10.0.0.1 ; behind
            nameserver	fd00::1
            nameserver fe80::1%3
            nameserver not-an-address
            nameserver 10.0.0.1
            domain one.org
            search a.org b.org
            options timeout:1 attempts:9 rotate ndots:5 edns0
            garbage
            """
        );

        Assert.Equal(["10.0.0.1", "fd00::1", "fe80::1%3"], conf.NameServers.Select(server => server.ToString()));
        Assert.Equal(["a.org", "b.org"], conf.Search);
        Assert.Equal((TimeSpan.FromSeconds(1), 5, true), (conf.Timeout, conf.Attempts, conf.Rotate));
    }

    [Fact]
    public void Our_name_server_takes_the_place_of_the_others_and_goes_again()
    {
        File.WriteAllText(Conf, Original);

        Subject.Take(Ours);
        var taken = ResolvConf.Parse(File.ReadAllText(Conf));
        Subject.Take(IPAddress.Parse("246.64.0.2"));

        Assert.Equal([Ours], taken.NameServers);
        Assert.Equal(["example.org"], taken.Search);
        Assert.Equal(["246.64.0.2"], ResolvConf.Parse(File.ReadAllText(Conf)).NameServers.Select(s => s.ToString()));
        Assert.NotNull(Subject.Restore(_ => false));
        Assert.Equal(Original, File.ReadAllText(Conf));
        Assert.Equal([Conf], Directory.GetFiles(_directory));
        Assert.Null(Subject.Restore(_ => false));
    }

    [Fact]
    public void What_is_in_place_is_not_written_again()
    {
        File.WriteAllText(Conf, Original);
        Subject.Take(Ours);
        File.SetLastWriteTimeUtc(Conf, DateTime.UnixEpoch);

        Subject.Take(Ours);

        Assert.Equal(DateTime.UnixEpoch, File.GetLastWriteTimeUtc(Conf));
    }

    [Fact]
    public async Task A_reader_finds_a_name_server_at_any_moment_of_a_write_in_place()
    {
        string[] texts = [Original, "nameserver 246.0.0.2\nsearch example.org\n"];
        File.WriteAllText(Conf, Original);
        var writing = Task.Run(() =>
        {
            for (var i = 0; i < 2_000; i++)
                ResolvConfFile.Overwrite(Conf, texts[i % 2]);
        });

        while (!writing.IsCompleted)
        {
            await using var file = new FileStream(Conf, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var reader = new StreamReader(file);
            Assert.NotEmpty(ResolvConf.Parse(await reader.ReadToEndAsync()).NameServers);
        }
        await writing;
    }

    [Fact]
    public void A_link_is_a_link_again()
    {
        var target = Path.Combine(_directory, "stub");
        File.WriteAllText(target, Original);
        File.CreateSymbolicLink(Conf, "stub");

        Subject.Take(Ours);

        Assert.Null(new FileInfo(Conf).LinkTarget);
        Subject.Restore(_ => false);
        Assert.Equal("stub", new FileInfo(Conf).LinkTarget);
        Assert.Equal(Original, File.ReadAllText(target));
    }

    [Fact]
    public void What_somebody_wrote_meanwhile_stays()
    {
        File.WriteAllText(Conf, Original);
        Subject.Take(Ours);
        File.WriteAllText(Conf, "nameserver 192.0.2.1\n");

        Subject.Restore(_ => false);

        Assert.Equal("nameserver 192.0.2.1\n", File.ReadAllText(Conf));
        Assert.Equal([Conf], Directory.GetFiles(_directory));
    }

    [Fact]
    public void An_edit_of_our_text_stays_without_our_name_server()
    {
        File.WriteAllText(Conf, Original);
        Subject.Take(Ours);
        File.AppendAllText(Conf, "nameserver 192.0.2.1\n");

        Subject.Restore(_ => false);

        Assert.Equal(
            "nameserver 127.0.0.11\n# mine\nsearch example.org\noptions ndots:0\nnameserver 192.0.2.1\n",
            File.ReadAllText(Conf)
        );
        Assert.Equal([Conf], Directory.GetFiles(_directory));
    }

    [Fact]
    public void After_a_crash_it_is_restored_but_not_under_a_living_engine()
    {
        File.WriteAllText(Conf, Original);
        new ResolvConfFile(Conf, "somebody").Take(Ours);

        Assert.Null(Subject.Restore(owner => owner == "somebody"));
        Assert.NotEqual(Original, File.ReadAllText(Conf));
        Assert.Equal([$"restored {Conf}"], DnsPlumbing.Repair(TestEnvironment() with { IsOwnerAlive = _ => false }));
        Assert.Equal(Original, File.ReadAllText(Conf));
    }

    [Fact]
    public void A_process_is_told_from_another_with_its_pid()
    {
        Assert.True(ProcessIdentity.IsAlive(ProcessIdentity.Current));
        Assert.False(ProcessIdentity.IsAlive(ProcessIdentity.Current + "1"));
        Assert.False(ProcessIdentity.IsAlive(""));
    }

    [Theory]
    [InlineData("nameserver 10.0.0.53\nnameserver fd00::53\n", "captured", "10.0.0.53 fd00::53")]
    [InlineData("nameserver 10.0.0.53\nnameserver 127.0.0.1\n", "captured", "10.0.0.53")]
    [InlineData("nameserver 127.0.0.11\n", "resolv.conf", "")]
    [InlineData("nameserver 192.168.1.5\n", "resolv.conf", "")]
    [InlineData("nameserver 127.0.0.53\n", "resolv.conf", "")]
    [InlineData("search x\n", "resolv.conf", "")]
    public async Task The_name_server_decides_how_queries_are_got(string text, string strategy, string captured)
    {
        File.WriteAllText(Conf, text);

        var plumbing = await DnsPlumbing.ChooseAsync(TestEnvironment(), NullLogger.Instance, CancellationToken.None);

        Assert.Equal(strategy, plumbing.Strategy);
        Assert.Equal(captured, string.Join(' ', plumbing.CapturedNameServers));
        Assert.NotEmpty(plumbing.Reason);
        Assert.NotEmpty(plumbing.Upstream.EndPoints);
    }

    [Fact]
    public async Task The_file_names_the_last_session_that_is_left()
    {
        File.WriteAllText(Conf, Original);
        var plumbing = await DnsPlumbing.ChooseAsync(TestEnvironment(), NullLogger.Instance, CancellationToken.None);

        await plumbing.ApplyAsync(new DnsLink(1, Ours, [], []), CancellationToken.None);
        await plumbing.ApplyAsync(new DnsLink(2, IPAddress.Parse("246.64.0.2"), [], []), CancellationToken.None);
        await plumbing.ClearAsync(2, CancellationToken.None);
        Assert.Equal([Ours], ResolvConf.Parse(File.ReadAllText(Conf)).NameServers);
        await plumbing.ClearAsync(1, CancellationToken.None);

        Assert.Equal(Original, File.ReadAllText(Conf));
        await plumbing.ClearAsync(1, CancellationToken.None);
    }

    private DnsEnvironment TestEnvironment() =>
        new()
        {
            ResolvConfPath = Conf,
            ResolvedDirectory = Path.Combine(_directory, "none"),
            UserId = 0,
            LocalAddresses = [IPAddress.Parse("192.168.1.5")],
        };
}
