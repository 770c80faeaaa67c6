using System.IO.Compression;
using System.Xml.Linq;

namespace Telepresence.ModuleBuilder;

/// <summary>
/// A module's folder as .nupkg, as Publish-PSResource would make it, for machines without PSResourceGet: a zip in the Open
/// Packaging Conventions with a .nuspec. Equal modules make equal packages, byte by byte.
/// </summary>
internal static class ModulePackage
{
    private const string Id = "Telepresence";
    private const string NuspecType = "http://schemas.microsoft.com/packaging/2010/07/manifest";
    private static readonly XNamespace _nuspec = "http://schemas.microsoft.com/packaging/2011/08/nuspec.xsd";
    private static readonly XNamespace _types = "http://schemas.openxmlformats.org/package/2006/content-types";
    private static readonly XNamespace _relations = "http://schemas.openxmlformats.org/package/2006/relationships";

    // The earliest that a zip can name.
    private static readonly DateTimeOffset _time = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static void Write(string folder, string version, string package)
    {
        var files = Directory
            .EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Select(file => (Path: file, Name: Path.GetRelativePath(folder, file).Replace('\\', '/')))
            .OrderBy(file => file.Name, StringComparer.Ordinal)
            .ToList();
        if (!files.Any(file => file.Name == $"{Id}.psd1"))
        {
            throw new IOException($"{folder} holds no module; run the task Build first");
        }
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(package))!);
        using var zip = new ZipArchive(File.Create(package), ZipArchiveMode.Create);
        Add(zip, $"{Id}.nuspec", Nuspec(version));
        Add(zip, "_rels/.rels", Relations());
        Add(zip, "[Content_Types].xml", ContentTypes(files.Select(file => file.Name)));
        foreach (var (path, name) in files)
        {
            using var target = Entry(zip, name).Open();
            using var source = File.OpenRead(path);
            source.CopyTo(target);
        }
    }

    private static XElement Nuspec(string version) =>
        new(
            _nuspec + "package",
            new XElement(
                _nuspec + "metadata",
                new XElement(_nuspec + "id", Id),
                new XElement(_nuspec + "version", version),
                new XElement(_nuspec + "authors", "Telepresence for PowerShell"),
                new XElement(_nuspec + "requireLicenseAcceptance", "false"),
                new XElement(_nuspec + "description", "Joins this machine to a Kubernetes cluster."),
                new XElement(_nuspec + "license", new XAttribute("type", "expression"), "Apache-2.0"),
                new XElement(_nuspec + "tags", "PSModule PSEdition_Core Kubernetes Telepresence Linux MacOS Windows")
            )
        );

    private static XElement Relations() =>
        new(
            _relations + "Relationships",
            new XElement(
                _relations + "Relationship",
                new XAttribute("Type", NuspecType),
                new XAttribute("Target", $"/{Id}.nuspec"),
                new XAttribute("Id", "R1")
            )
        );

    private static XElement ContentTypes(IEnumerable<string> names)
    {
        var extensions = names
            .Select(name => Path.GetExtension(name).TrimStart('.'))
            .Append("nuspec")
            .Where(extension => extension.Length > 0)
            .Distinct(StringComparer.OrdinalIgnoreCase)
            .Order(StringComparer.Ordinal)
            .Select(extension => Type("Default", "Extension", extension, "application/octet-stream"))
            .Prepend(Type("Default", "Extension", "rels", "application/vnd.openxmlformats-package.relationships+xml"));
        // A file without extension needs its own entry.
        var others = names
            .Where(name => Path.GetExtension(name).Length == 0)
            .Select(name => Type("Override", "PartName", "/" + name, "application/octet-stream"));
        return new XElement(_types + "Types", extensions, others);
    }

    private static XElement Type(string element, string key, string value, string type) =>
        new(_types + element, new XAttribute(key, value), new XAttribute("ContentType", type));

    private static void Add(ZipArchive zip, string name, XElement content)
    {
        using var stream = Entry(zip, name).Open();
        new XDocument(content).Save(stream);
    }

    private static ZipArchiveEntry Entry(ZipArchive zip, string name)
    {
        var entry = zip.CreateEntry(name, CompressionLevel.SmallestSize);
        entry.LastWriteTime = _time;
        return entry;
    }
}
