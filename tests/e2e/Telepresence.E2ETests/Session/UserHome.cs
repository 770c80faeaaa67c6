using System.Diagnostics;
using System.Text;
using Telepresence.Client.Launch;
using Telepresence.E2ETests.Netns;
using Telepresence.Sandbox.Demo.Driving;

namespace Telepresence.E2ETests.Session;

/// <summary>
/// What an ordinary user has: a home, a kubeconfig, the module, and leave to sudo. The sudoers file is mounted for the
/// user's own processes alone; the machine's /etc is not touched.
/// </summary>
internal sealed class UserHome
{
    private readonly Workstation _workstation;
    private readonly string _user;
    private readonly string _module;
    private readonly string _sudoers;
    private readonly string _runtime;
    private readonly string _home;
    private readonly string _kubeconfig;

    public UserHome(Workstation workstation, string user, string kubeconfig)
    {
        _workstation = workstation;
        _user = user;
        File.SetUnixFileMode(workstation.Folder, (UnixFileMode)0b111_101_101);
        // As a user's folder may be called.
        var folder = workstation.NewFolder("Mödule für alle");
        _module = Path.Combine(folder, "Telepresence");
        Run("cp", "-r", Path.GetDirectoryName(BuiltModule.Locate())!, _module);
        Run("chmod", "-R", "a+rX", folder);
        _sudoers = workstation.NewFolder("sudoers");
        var rule = Path.Combine(_sudoers, "telepresence");
        File.WriteAllText(rule, $"#{user} ALL=(root) NOPASSWD: ALL\n");
        File.SetUnixFileMode(rule, UnixFileMode.UserRead | UnixFileMode.GroupRead);
        _home = workstation.NewFolder("user");
        _runtime = workstation.NewFolder("run");
        _kubeconfig = Path.Combine(_home, "kubeconfig");
        File.Copy(kubeconfig, _kubeconfig);
        Run("chown", "-R", $"{user}:{user}", _home, _runtime);
    }

    /// <summary>The engine of the user's module.</summary>
    public string EngineFolder => Path.Combine(_module, "engine");

    public bool MayRun(string file) =>
        _workstation.Run("setpriv", $"--reuid={_user}", "--clear-groups", "test", "-x", file).ExitCode == 0;

    /// <summary>Runs cmdlets in a pwsh of the user's own.</summary>
    /// <param name="withoutDotnet">Hides the program <c>dotnet</c>, not the runtime that a framework-dependent pwsh needs.</param>
    public ProgramResult RunPwsh(string cmdlets, bool withoutDotnet = false)
    {
        var script = Path.Combine(_workstation.Folder, "cmdlets.ps1");
        File.WriteAllText(
            script,
            "$ErrorActionPreference = 'Stop'; $ProgressPreference = 'SilentlyContinue'; "
                + $"$PSStyle.OutputRendering = 'PlainText'; Import-Module '{_module}/Telepresence.psd1'\n{cmdlets}\n"
        );
        File.SetUnixFileMode(script, (UnixFileMode)0b110_100_100);
        var command =
            (withoutDotnet ? HideDotnet() : "")
            + $"mount --bind '{_sudoers}' /etc/sudoers.d && "
            + $"exec setpriv --reuid={_user} --regid={_user} --clear-groups env -u {EngineFiles.OverrideVariable} "
            + $"-u XDG_RUNTIME_DIR -u XDG_CACHE_HOME -u XDG_CONFIG_HOME HOME='{_home}' KUBECONFIG='{_kubeconfig}' "
            + $"{RuntimeDirectory.OverrideVariable}='{_runtime}' pwsh -NoProfile -NonInteractive -File '{script}'";
        return _workstation.Run("unshare", "--mount", "sh", "-c", command);
    }

    /// <summary>Ends an engine that is still there.</summary>
    public static void Kill(int engine)
    {
        try
        {
            using var process = Process.GetProcessById(engine);
            process.Kill();
            process.WaitForExit();
        }
        catch (ArgumentException)
        {
            // It ended with its last session.
            return;
        }
    }

    private string HideDotnet()
    {
        var runtime = Path.GetDirectoryName(EngineHosting.Locate().FileName)!;
        var kept = _workstation.NewFolder("runtime");
        Run("chmod", "a+rx", kept);
        var mounts = new StringBuilder();
        foreach (var folder in (string[])["host", "shared"])
        {
            var copy = Directory.CreateDirectory(Path.Combine(kept, folder)).FullName;
            mounts.Append($"mount --bind '{runtime}/{folder}' '{copy}' && ");
        }
        return $"{mounts}mount --rbind '{kept}' '{runtime}' && ";
    }

    private void Run(string program, params string[] arguments) => _workstation.Run(program, arguments).Require();
}
