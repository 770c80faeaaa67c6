using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Telepresence.Client.Contract;
using Telepresence.Client.Errors;

namespace Telepresence.Client.Diagnostics;

/// <summary>A zip file of texts for who is to find a fault. Every text goes through <see cref="SecretRedactor"/>.</summary>
public sealed class DiagnosticArchive : IDisposable
{
    private static readonly ContractJson _json = new(
        new JsonSerializerOptions(ContractJson.Default.Options) { WriteIndented = true }
    );

    private readonly ZipArchive _zip;

    private DiagnosticArchive(Stream file) => _zip = new ZipArchive(file, ZipArchiveMode.Create);

    /// <summary>Makes a new file that its owner alone may read.</summary>
    /// <param name="path">Where.</param>
    /// <param name="overwrite">Replaces what is there.</param>
    /// <exception cref="TelepresenceException">FileNotWritable.</exception>
    public static DiagnosticArchive Create(string path, bool overwrite)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.None,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }
        try
        {
            if (overwrite)
            {
                File.Delete(path);
            }
            return new DiagnosticArchive(new FileStream(path, options));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ErrorCatalogue.Error(ErrorId.FileNotWritable, path, e, ("path", path), ("reason", e.Message));
        }
    }

    /// <summary>Adds a text.</summary>
    public void Add(string name, string text)
    {
        using var entry = _zip.CreateEntry(name, CompressionLevel.Optimal).Open();
        entry.Write(Encoding.UTF8.GetBytes(SecretRedactor.Redact(text)));
    }

    /// <summary>Adds a value of the contract as JSON.</summary>
    public void Add<T>(string name, T value) =>
        Add(name, JsonSerializer.Serialize(value, (JsonTypeInfo<T>)_json.GetTypeInfo(typeof(T))!));

    /// <summary>Writes the file's end.</summary>
    public void Dispose() => _zip.Dispose();
}
