using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Telepresence.Peers.Lab;

/// <summary>
/// Runs the benchmark a second time in network, mount and process namespaces of its own. All that it makes there goes
/// with its first process, however that ends: the kernel does the tidying up.
/// </summary>
internal static class Isolation
{
    private const int Failure = 2;

    // …/shared/Microsoft.NETCore.App/10.0.x/ → …: the very runtime this process runs on.
    public static string Dotnet { get; } =
        Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../..", "dotnet"));

    public static string OwnAssembly => typeof(Isolation).Assembly.Location;

    public static async Task<int> RunAsync(string[] arguments)
    {
        try
        {
            PeersOptions.Parse(arguments);
        }
        catch (FormatException e)
        {
            await Console.Error.WriteLineAsync(e.Message).ConfigureAwait(false);
            return Failure;
        }
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess || !File.Exists("/dev/net/tun"))
        {
            await Console
                .Error.WriteLineAsync("The benchmark makes network namespaces: it needs Linux, root and /dev/net/tun.")
                .ConfigureAwait(false);
            return Failure;
        }
        // Out here, where there is a way to Debian's servers; inside there is none.
        Debian.InstallMissing();
        string[] command =
        [
            .. "--net --mount --pid --fork --kill-child --mount-proc".Split(' '),
            Dotnet,
            OwnAssembly,
            "inside",
            .. arguments,
        ];
        // The pipe carries nothing. It ends with this process, and the one inside with it.
        var start = new ProcessStartInfo("unshare", command) { RedirectStandardInput = true };
        using var inside = Process.Start(start)!;
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
        await inside.WaitForExitAsync().ConfigureAwait(false);
        return inside.ExitCode;

        void End(PosixSignalContext signal)
        {
            signal.Cancel = true;
            inside.StandardInput.Close();
        }
    }

    /// <summary>In the process inside: ends it, and by that all others, when the one outside is gone.</summary>
    public static void FollowParent() =>
        new Thread(() =>
        {
            using var input = Console.OpenStandardInput();
            while (input.ReadByte() >= 0)
            {
                continue;
            }
            Environment.Exit(130);
        })
        {
            IsBackground = true,
            Name = "parent watch",
        }.Start();
}
