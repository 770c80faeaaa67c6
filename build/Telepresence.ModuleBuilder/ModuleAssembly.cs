using System.Reflection;
using Telepresence.Client.Errors;
using Telepresence.Client.Launch;

namespace Telepresence.ModuleBuilder;

/// <summary>
/// Puts the module together from the repository's files and the projects' outputs. The assemblies that are loaded into
/// pwsh lie in the module's folder; engine and sandbox, with their packages, in folders of their own.
/// </summary>
internal sealed class ModuleAssembly(string repository, string configuration, string version)
{
    private static readonly string[] _loaded = ["Telepresence.PowerShell.dll", "Telepresence.Client.dll"];

    public void WriteTo(string output)
    {
        Directory.CreateDirectory(output);
        foreach (var file in Directory.EnumerateFiles(PathOf("module"), "Telepresence.*"))
        {
            if (!file.EndsWith(".csproj", StringComparison.Ordinal))
            {
                var text = File.ReadAllText(file);
                WriteIfChanged(
                    Path.Combine(output, Path.GetFileName(file)),
                    file.EndsWith(".psd1", StringComparison.Ordinal)
                        ? text.Replace("'0.0.0'", $"'{version}'", StringComparison.Ordinal)
                        : text
                );
            }
        }
        foreach (var assembly in _loaded)
        {
            Copy(Path.Combine(BinariesOf("Telepresence.PowerShell"), assembly), Path.Combine(output, assembly));
        }
        CopyTree(PathOf("module/examples"), Path.Combine(output, "examples"));
        // The engine's files have their hashes in Telepresence.PowerShell.dll: none more, none less.
        CopyTree(BinariesOf("Telepresence.Engine"), Path.Combine(output, "engine"));
        CopyTree(BinariesOf("Telepresence.Sandbox"), Path.Combine(output, "sandbox"));
        Copy(PathOf("LICENSE"), Path.Combine(output, "LICENSE"));
        WriteHelp(Path.Combine(output, "en-US"));
        VerifyEngine(output);
    }

    /// <summary>What users would be told at their first connect fails the build instead.</summary>
    private static void VerifyEngine(string output)
    {
        var assembly = Assembly.LoadFrom(Path.Combine(output, _loaded[0]));
        using var list = assembly.GetManifestResourceStream("engine.sha256")!;
        using StreamReader reader = new(list);
        EngineIntegrity.Parse(reader).Verify(Path.Combine(output, "engine", "Telepresence.Engine.dll"));
    }

    private void WriteHelp(string output)
    {
        Directory.CreateDirectory(output);
        foreach (var about in Directory.EnumerateFiles(PathOf("module/en-US"), "about_*.help.txt"))
        {
            Copy(about, Path.Combine(output, Path.GetFileName(about)));
        }
        WriteIfChanged(
            Path.Combine(output, "about_Telepresence_Errors.help.txt"),
            ErrorTopic.Write(ErrorCatalogue.Entries)
        );
        var pages = Directory
            .EnumerateFiles(PathOf("docs/help"), "*-*.md")
            .Order(StringComparer.Ordinal)
            .Select(file => HelpPage.Parse(File.ReadAllText(file), file))
            .ToList();
        WriteIfChanged(Path.Combine(output, "Telepresence.PowerShell.dll-Help.xml"), Maml.Write(pages));
    }

    private string PathOf(string relative) => Path.Combine(repository, relative);

    private string BinariesOf(string project) => PathOf(Path.Combine("src", project, "bin", configuration, "net10.0"));

    /// <summary>Makes the one folder what the other is, without what only developers need.</summary>
    private static void CopyTree(string from, string to)
    {
        var files = Directory
            .EnumerateFiles(from, "*", SearchOption.AllDirectories)
            .Where(file => Path.GetExtension(file) is not (".pdb" or ".xml"))
            .ToDictionary(file => Path.Combine(to, Path.GetRelativePath(from, file)));
        foreach (var (target, file) in files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            Copy(file, target);
        }
        foreach (var stale in Directory.EnumerateFiles(to, "*", SearchOption.AllDirectories).Except(files.Keys))
        {
            File.Delete(stale);
        }
    }

    /// <summary>Unchanged files stay untouched: a shell that has the module loaded holds them.</summary>
    private static void Copy(string from, string to)
    {
        FileInfo source = new(from);
        FileInfo target = new(to);
        if (!target.Exists || target.Length != source.Length || target.LastWriteTimeUtc != source.LastWriteTimeUtc)
        {
            // A new file: overwriting in place would change the pages of a process that runs it.
            target.Delete();
            source.CopyTo(to);
        }
    }

    private static void WriteIfChanged(string path, string text)
    {
        if (!File.Exists(path) || File.ReadAllText(path) != text)
        {
            File.WriteAllText(path, text);
        }
    }
}
