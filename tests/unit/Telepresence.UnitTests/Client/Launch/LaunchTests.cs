using System.Runtime.InteropServices;
using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Launch;

namespace Telepresence.UnitTests.Client.Launch;

public sealed class LaunchTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tp-launch-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_command_line_survives_the_trip_through_sudo()
    {
        EngineArguments arguments = new()
        {
            IsLaunch = true,
            Role = EngineRole.User,
            Directory = "/run/a b'c",
            EnvironmentFile = "/x",
            User = 1000,
            Group = 1001,
            Groups = [4, 27],
            TunDescriptors = [5, 6],
            Foreground = true,
        };
        var parsed = EngineArguments.Parse([.. arguments.ToArguments()]);
        Assert.Equal(arguments.ToArguments(), parsed.ToArguments());
        Assert.Equal(1001u, parsed.Group);
        Assert.Equal([4u, 27u], parsed.Groups);
        Assert.Equal([5, 6], parsed.TunDescriptors);
    }

    [Theory]
    [InlineData]
    [InlineData("other")]
    [InlineData("engine", "--uid")]
    [InlineData("engine", "--uid", "-1")]
    [InlineData("engine", "--unknown")]
    public void A_malformed_command_line_is_a_FormatException(params string[] arguments) =>
        Assert.Throws<FormatException>(() => EngineArguments.Parse(arguments));

    [SkippableFact]
    public void The_directory_is_made_for_the_owner_alone()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Unix permissions");
        var directory = RuntimeDirectory.Ensure(Path.Combine(_folder, "run"));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
                File.GetUnixFileMode(directory)
            );
        }
        Assert.Equal(directory, RuntimeDirectory.Ensure(directory));
    }

    [SkippableFact]
    public void A_link_or_a_directory_open_to_others_is_refused()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Unix permissions");
        var real = RuntimeDirectory.Ensure(Path.Combine(_folder, "real"));
        var link = Path.Combine(_folder, "link");
        Directory.CreateSymbolicLink(link, real);
        var error = Assert.Throws<TelepresenceException>(() => RuntimeDirectory.Ensure(link));
        Assert.True(error.Is(ErrorId.EngineUnavailable));
        Assert.Contains("link", error.Message, StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(
                real,
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherExecute
            );
        }
        Assert.Contains(
            "open to others",
            Assert.Throws<TelepresenceException>(() => RuntimeDirectory.Ensure(real)).Message,
            StringComparison.Ordinal
        );
    }

    [SkippableFact]
    public void Somebody_elses_directory_is_refused()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Unix ownership");
        Skip.If(
            Environment.IsPrivilegedProcess,
            "root owns /proc, so that there is no directory of somebody else's at hand"
        );
        Assert.Throws<TelepresenceException>(() => RuntimeDirectory.Ensure("/proc"));
    }

    [Fact]
    public void A_dotnet_without_the_runtime_is_passed_over()
    {
        var bad = Directory.CreateDirectory(Path.Combine(_folder, "bad")).FullName;
        File.WriteAllText(Path.Combine(bad, "dotnet"), "");
        var good = Directory.CreateDirectory(
            Path.Combine(_folder, "good", "shared", "Microsoft.NETCore.App", "10.0.0")
        );
        var root = Path.Combine(_folder, "good");
        File.WriteAllText(Path.Combine(root, "dotnet"), "");
        Assert.True(good.Exists);
        var hosting = EngineHosting.Locate(name =>
            name switch
            {
                "DOTNET_ROOT" => bad,
                "PATH" => $"{bad}{Path.PathSeparator}{root}",
                _ => null,
            }
        );
        Assert.Equal(new EngineHosting(Path.Combine(root, "dotnet"), IsPwsh: false), hosting);
        Assert.Equal(["/e.dll", "engine"], hosting.Arguments("/e.dll", ["engine"]));
    }

    [Fact]
    public void Arguments_for_pwsh_are_quoted()
    {
        var arguments = new EngineHosting("/usr/bin/pwsh", IsPwsh: true).Arguments("/it's/e.dll", ["engine", "a b"]);
        Assert.Contains("'/it''s/e.dll'", arguments[^1], StringComparison.Ordinal);
        Assert.Contains("'engine','a b'", arguments[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void An_engine_that_is_compiled_for_this_system_is_preferred()
    {
        var plain = Engine("engine");
        Assert.Equal(plain, EngineFiles.LocateFrom(_folder));
        Engine("engine", "none-x64");
        Assert.Equal(plain, EngineFiles.LocateFrom(_folder));
        var ahead = Engine("engine", RuntimeInformation.RuntimeIdentifier);
        Assert.Equal(ahead, EngineFiles.LocateFrom(_folder));
    }

    private string Engine(params ReadOnlySpan<string> folders)
    {
        var folder = Directory.CreateDirectory(Path.Combine([_folder, .. folders])).FullName;
        File.WriteAllText(Path.Combine(folder, "Telepresence.Engine.runtimeconfig.json"), "{}");
        var assembly = Path.Combine(folder, "Telepresence.Engine.dll");
        File.WriteAllText(assembly, "");
        return assembly;
    }
}
