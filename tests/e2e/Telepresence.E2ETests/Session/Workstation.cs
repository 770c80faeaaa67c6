using System.Text.Json;
using Telepresence.E2ETests.Netns;

namespace Telepresence.E2ETests.Session;

/// <summary>
/// A user's machine: a network namespace with loopback, a LAN (<c>lan0</c> 192.0.2.2/24, 2001:db8:2::2/64), no default
/// route, a resolv.conf of its own that names the LAN's name server, and a home.
/// </summary>
internal sealed class Workstation : IAsyncDisposable
{
    public const string NameServer4 = "192.0.2.1";
    public const string NameServer6 = "2001:db8:2::1";

    /// <summary>Not one of a version manager in root's home, which starts slowly and no other user may run.</summary>
    public const string Python = "/usr/bin/python3";
    public const string DefaultResolvConf = $"nameserver {NameServer4}\noptions timeout:5 attempts:2\n";

    private static readonly string[] _listings =
    [
        "link show",
        "-4 address show",
        "-6 address show",
        "-4 route show table all",
        "-6 route show table all",
        "-4 rule show",
        "-6 rule show",
    ];

    /// <summary>Counters and timers, which move by themselves.</summary>
    private static readonly string[] _volatile = ["expires", "used", "age", "operstate", "valid_life_time"];

    /// <summary>Not the table: the first rule ever added splits local from main for good, which decides nothing.</summary>
    private static readonly string[] _decisive = ["type", "dev", "gateway", "prefsrc"];

    private readonly Stack<IAsyncDisposable> _owned = new();
    private int _folders;

    private Workstation(string resolvConf)
    {
        Folder = Directory.CreateTempSubdirectory("tp-s-").FullName;
        Home = Directory.CreateDirectory(Path.Combine(Folder, "home")).FullName;
        Net = NetworkNamespace.Create("se");
        Lan = NetworkNamespace.Create("lan");
        // ip(8) mounts these over the machine's own for whatever it starts in the namespace.
        Directory.CreateDirectory(ConfigurationFolder);
        File.WriteAllText(ResolvConfPath, resolvConf);
        File.WriteAllText(
            Path.Combine(ConfigurationFolder, "nsswitch.conf"),
            "passwd: files\ngroup: files\nhosts: files dns\n"
        );
        NetworkNamespace.Connect(
            Net,
            "lan0",
            ["192.0.2.2/24", "2001:db8:2::2/64"],
            Lan,
            "lan0",
            [$"{NameServer4}/24", $"{NameServer6}/64"]
        );
    }

    /// <summary>Where everything of the user runs.</summary>
    public NetworkNamespace Net { get; }

    /// <summary>The rest of the LAN.</summary>
    public NetworkNamespace Lan { get; }

    /// <summary>Removed at the end.</summary>
    public string Folder { get; }

    public string Home { get; }

    /// <summary>What programs in <see cref="Net"/> see as /etc/resolv.conf.</summary>
    public string ResolvConfPath => Path.Combine(ConfigurationFolder, "resolv.conf");

    public NameServerProcess NameServer { get; private set; } = null!;

    private string ConfigurationFolder => $"/etc/netns/{Net.Name}";

    /// <summary>Skips the calling test where the machine lacks what every session test needs.</summary>
    public static void RequireTools(params string[] more)
    {
        Requires.All(["root", "tun", "netns", "ip", "curl", "dig", "getent", .. more]);
        Skip.IfNot(File.Exists(Python), $"needs {Python}");
    }

    public static async Task<Workstation> StartAsync(string resolvConf = DefaultResolvConf)
    {
        var workstation = new Workstation(resolvConf);
        workstation.NameServer = workstation.Own(
            await NameServerProcess.StartAsync(workstation.Lan, NameServer4, NameServer6)
        );
        return workstation;
    }

    /// <summary>A folder of this user's alone, below <see cref="Folder"/>.</summary>
    public string NewFolder(string label) =>
        Directory
            .CreateDirectory(
                Path.Combine(Folder, $"{label}{Interlocked.Increment(ref _folders)}"),
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            )
            .FullName;

    /// <summary>Disposes it before the namespaces go, last owned first.</summary>
    public T Own<T>(T owned)
        where T : IAsyncDisposable
    {
        _owned.Push(owned);
        return owned;
    }

    public ProgramResult Run(string program, params string[] arguments) => Net.Program(program, arguments);

    /// <summary>Runs a Python script, which must succeed; returns what it wrote.</summary>
    public string RunPython(string script, params string[] arguments) =>
        Run(Python, ["-c", script, .. arguments]).Require().Trim();

    public string Curl(string url, params string[] more) =>
        Run("curl", ["-sS", "--noproxy", "*", "--max-time", "60", .. more, url]).Require();

    public string Dig(params string[] arguments) => Run("dig", ["+time=10", "+tries=1", .. arguments]).Require().Trim();

    /// <summary>Interfaces, addresses, routes, rules and resolv.conf, one line each.</summary>
    public SortedSet<string> NetworkState()
    {
        var facts = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var listing in _listings)
        {
            foreach (var entry in Net.IpJson(listing).EnumerateArray())
            {
                var kept = entry.EnumerateObject().Where(p => !_volatile.Contains(p.Name));
                facts.Add($"{listing}: {string.Join(' ', kept.Select(p => $"{p.Name}={p.Value.GetRawText()}"))}");
            }
        }
        facts.Add($"resolv.conf: {File.ReadAllText(ResolvConfPath)}");
        return facts;
    }

    /// <summary>The kernel's answer to <c>ip -j route get ARGUMENTS</c>: the interface, or the reason there is none.</summary>
    public string RouteTo(string arguments)
    {
        var result = Run("ip", ["-j", "route", "get", .. arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        if (result.ExitCode != 0)
            return result.Error.Trim();
        var route = JsonDocument.Parse(result.Output).RootElement[0];
        return string.Join(
            ' ',
            _decisive
                .Where(name => route.TryGetProperty(name, out _))
                .Select(name => $"{name}={route.GetProperty(name)}")
        );
    }

    public async ValueTask DisposeAsync()
    {
        while (_owned.TryPop(out var owned))
            await owned.DisposeAsync();
        Lan.Dispose();
        Net.Dispose();
        Directory.Delete(ConfigurationFolder, recursive: true);
        Directory.Delete(Folder, recursive: true);
    }
}
