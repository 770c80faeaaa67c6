using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;

namespace Telepresence.E2ETests.Netns;

/// <summary>
/// A network namespace with loopback up and no way out, made for one test and removed with it. Sockets and TUN handles
/// belong for ever to the namespace of the thread that opened them, so what is made inside <see cref="Run{T}"/> can be
/// used from any thread later.
/// </summary>
public sealed partial class NetworkNamespace : IDisposable
{
    private const int CLONE_NEWNET = 0x40000000;
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);
    private static int _count;

    private NetworkNamespace(string name) => Name = name;

    /// <summary>As <c>ip netns</c> lists it.</summary>
    public string Name { get; }

    /// <summary>Makes <c>tp-LABEL-PID-N</c>.</summary>
    public static NetworkNamespace Create(string label)
    {
        var name = $"tp-{label}-{Environment.ProcessId}-{Interlocked.Increment(ref _count)}";
        Execute("ip", "netns", "add", name).Require();
        var created = new NetworkNamespace(name);
        created.Ip("link set lo up");
        return created;
    }

    /// <summary>Joins two namespaces: one end of a veth pair in each, up, with these addresses (CIDR).</summary>
    public static void Connect(
        NetworkNamespace one,
        string oneInterface,
        string[] oneAddresses,
        NetworkNamespace other,
        string otherInterface,
        string[] otherAddresses
    )
    {
        one.Ip($"link add {oneInterface} type veth peer name {otherInterface} netns {other.Name}");
        one.SetUp(oneInterface, oneAddresses);
        other.SetUp(otherInterface, otherAddresses);
    }

    /// <summary>
    /// Brings an interface up and gives it addresses. No link-local ones and no duplicate detection: they would change
    /// the state a second later, in the middle of a test.
    /// </summary>
    public void SetUp(string name, params string[] addresses)
    {
        Ip($"link set {name} addrgenmode none");
        Ip($"link set {name} up");
        foreach (var address in addresses)
        {
            Ip($"address add {address} dev {name}{(address.Contains(':') ? " nodad" : "")}");
        }
    }

    /// <summary>
    /// An interface that leads nowhere, up and with these addresses: a veth pair with both ends here, since not every
    /// kernel has the dummy type.
    /// </summary>
    public void AddInterface(string name, params string[] addresses)
    {
        Ip($"link add {name} type veth peer name {name}-far");
        Ip($"link set {name}-far addrgenmode none");
        Ip($"link set {name}-far up");
        SetUp(name, addresses);
    }

    /// <summary>Runs <c>ip ARGUMENTS</c> here; must succeed.</summary>
    public string Ip(string arguments) =>
        Execute("ip", ["-n", Name, .. arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)]).Require();

    /// <summary>Runs <c>ip -j ARGUMENTS</c> here and reads its JSON; no output is an empty array.</summary>
    public JsonElement IpJson(string arguments)
    {
        var text = Ip($"-j {arguments}");
        return JsonDocument.Parse(string.IsNullOrWhiteSpace(text) ? "[]" : text).RootElement;
    }

    /// <summary>Runs a program in the namespace and waits for its end.</summary>
    public ProgramResult Program(string file, params string[] arguments) =>
        Execute("ip", ["netns", "exec", Name, file, .. arguments]);

    /// <summary>Starts a program in the namespace; input and output are redirected. The caller ends it.</summary>
    public Process Start(string file, params string[] arguments)
    {
        var start = Redirected("ip", ["netns", "exec", Name, file, .. arguments]);
        start.RedirectStandardInput = true;
        return Process.Start(start)!;
    }

    /// <summary>Writes a sysctl, named as <c>sysctl</c> does.</summary>
    public void Sysctl(string name, string value) => Program("sysctl", "-q", "-w", $"{name}={value}").Require();

    /// <summary>Runs a function here.</summary>
    public T Run<T>(Func<T> function) => Run(Name, function);

    /// <summary>Runs an action here.</summary>
    public void Run(Action action) =>
        Run(
            Name,
            () =>
            {
                action();
                return true;
            }
        );

    /// <summary>
    /// Runs a function on a thread that has entered the namespace and ends with it: a pool thread would take the
    /// namespace along to whatever runs on it next.
    /// </summary>
    public static T Run<T>(string name, Func<T> function)
    {
        T result = default!;
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                using var handle = File.OpenHandle($"/run/netns/{name}");
                if (SetNamespace(handle, CLONE_NEWNET) != 0)
                {
                    throw new InvalidOperationException($"setns {name}: {Marshal.GetLastPInvokeErrorMessage()}");
                }
                result = function();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        })
        {
            Name = $"in {name}",
            IsBackground = true,
        };
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result;
    }

    /// <summary>Removes the namespace; interfaces in it go with it.</summary>
    public void Dispose() => Execute("ip", "netns", "delete", Name);

    /// <summary>Runs a program where these tests run and waits for its end.</summary>
    public static ProgramResult Execute(string file, params string[] arguments)
    {
        using var process = Process.Start(Redirected(file, arguments))!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        var commandLine = $"{file} {string.Join(' ', arguments)}";
        if (!process.WaitForExit(Deadline))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"'{commandLine}' did not end");
        }
        return new ProgramResult(commandLine, process.ExitCode, output.Result, error.Result);
    }

    private static ProcessStartInfo Redirected(string file, string[] arguments) =>
        new(file, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNamespace(SafeFileHandle descriptor, int type);
}
