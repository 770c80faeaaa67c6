using System.Security.Cryptography;
using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Launch;
using Telepresence.PowerShell;

namespace Telepresence.UnitTests.Client.Launch;

public sealed class EngineIntegrityTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tp-integrity-").FullName;
    private readonly string _assembly;
    private readonly EngineIntegrity _integrity;

    public EngineIntegrityTests()
    {
        _assembly = Path.Combine(_folder, "Engine.dll");
        Directory.CreateDirectory(Path.Combine(_folder, "runtimes", "linux"));
        Dictionary<string, byte[]> files = new()
        {
            ["Engine.dll"] = [1, 2, 3],
            ["Engine.runtimeconfig.json"] = "{}"u8.ToArray(),
            ["runtimes/linux/native.so"] = new byte[100_000],
        };
        foreach (var (name, content) in files)
        {
            File.WriteAllBytes(Path.Combine(_folder, name), content);
        }
        var list = files.Select(f => $"{Convert.ToHexString(SHA256.HashData(f.Value))}  {f.Key}");
        _integrity = Read(string.Join('\n', list));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Files_as_built_pass() => _integrity.Verify(_assembly);

    [Theory]
    [InlineData("Engine.dll")]
    [InlineData("Engine.runtimeconfig.json")]
    [InlineData("runtimes/linux/native.so")]
    public void One_changed_byte_is_refused(string file)
    {
        var path = Path.Combine(_folder, file);
        var content = File.ReadAllBytes(path);
        content[^1] ^= 1;
        File.WriteAllBytes(path, content);

        Refused($"{file} differs");
    }

    [Theory]
    [InlineData("Microsoft.Extensions.Extra.dll")]
    [InlineData("Engine.runtimeconfig.dev.json")]
    [InlineData(".hidden")]
    [InlineData("runtimes/linux/more.so")]
    public void One_more_file_is_refused(string file)
    {
        File.WriteAllText(Path.Combine(_folder, file), "");

        Refused($"{file} was added");
    }

    [Fact]
    public void One_file_less_is_refused()
    {
        File.Delete(Path.Combine(_folder, "Engine.runtimeconfig.json"));

        Refused("Engine.runtimeconfig.json is missing");
    }

    [Fact]
    public void Many_are_counted()
    {
        for (var i = 0; i < 9; i++)
        {
            File.WriteAllText(Path.Combine(_folder, $"a{i}"), "");
        }

        Refused("a0 was added, a1 was added, a2 was added and 6 more");
    }

    [Fact]
    public void A_part_that_is_an_engine_of_its_own_is_compared_by_itself()
    {
        var part = Path.Combine(_folder, "runtimes", "linux", "Engine.dll");
        File.WriteAllBytes(part, [9]);
        var hash = Convert.ToHexString(SHA256.HashData([9]));
        var integrity = Read($"{hash}  linux/Engine.dll\n{hash}  linux/native.so\n{hash}  Engine.dll");
        File.WriteAllBytes(Path.Combine(_folder, "runtimes", "linux", "native.so"), [9]);
        integrity.Verify(part);

        File.WriteAllBytes(Path.Combine(_folder, "runtimes", "linux", "more.so"), [9]);
        var error = Assert.Throws<TelepresenceException>(() => integrity.Verify(part));
        Assert.Contains(": more.so was added. ", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0123  Engine.dll")]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123")]
    public void A_list_that_is_none_is_a_FormatException(string list) =>
        Assert.Throws<FormatException>(() => Read(list));

    [Fact]
    public void The_module_knows_the_engine_that_it_was_built_with() =>
        ModuleEngines.ReadIntegrity().Verify(CopyOfEngine());

    [SkippableFact]
    public async Task The_launcher_starts_no_changed_network_engine_and_asks_nobody_for_privilege()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "starting engines is for Linux yet");
        await File.AppendAllTextAsync(_assembly, "x");
        EngineLaunchOptions options = new()
        {
            Directory = RuntimeDirectory.Ensure(Path.Combine(_folder, "run")),
            EngineAssembly = _assembly,
            // Would tell by its output that it ran.
            Hosting = new EngineHosting("/bin/false", IsPwsh: false),
            Integrity = () => _integrity,
        };

        var error = await Assert.ThrowsAsync<TelepresenceException>(() =>
            EngineLauncher.ConnectOrStartAsync(EngineRole.Network, options)
        );

        Assert.True(error.Is(ErrorId.EngineChanged), error.Message);
    }

    private void Refused(string fault)
    {
        var error = Assert.Throws<TelepresenceException>(() => _integrity.Verify(_assembly));
        Assert.True(error.Is(ErrorId.EngineChanged));
        Assert.Equal(_folder, error.TargetObject);
        Assert.Contains($": {fault}. ", error.Message, StringComparison.Ordinal);
    }

    private string CopyOfEngine()
    {
        var from = Path.GetDirectoryName(EngineFiles.Locate())!;
        var to = Directory.CreateDirectory(Path.Combine(_folder, "engine")).FullName;
        foreach (var file in Directory.EnumerateFiles(from).Where(f => Path.GetExtension(f) is not (".pdb" or ".xml")))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }
        return Path.Combine(to, "Telepresence.Engine.dll");
    }

    private static EngineIntegrity Read(string list)
    {
        using StringReader reader = new(list);
        return EngineIntegrity.Parse(reader);
    }
}
