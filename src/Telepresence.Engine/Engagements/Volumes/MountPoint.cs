using Telepresence.Client.Errors;

namespace Telepresence.Engine.Engagements.Volumes;

/// <summary>A directory to mount at. Disposal removes it if it was made here, and is empty: never what is mounted there.</summary>
internal sealed class MountPoint : IDisposable
{
    private readonly bool _isOurs;

    private MountPoint(string path, bool isOurs) => (Path, _isOurs) = (path, isOurs);

    public string Path { get; }

    /// <param name="wanted">Whole path; null: a new directory for temporary files, the user's alone.</param>
    /// <exception cref="TelepresenceException">MountPointBusy.</exception>
    public static MountPoint Make(string? wanted)
    {
        try
        {
            if (wanted is null)
                return new(Directory.CreateTempSubdirectory("telepresence-").FullName, isOurs: true);
            if (!Directory.Exists(wanted))
            {
                Directory.CreateDirectory(wanted);
                return new(wanted, isOurs: true);
            }
            return Directory.EnumerateFileSystemEntries(wanted).Any()
                ? throw Busy(wanted, "the directory is not empty")
                : new(wanted, isOurs: false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Busy(wanted ?? System.IO.Path.GetTempPath(), e.Message.TrimEnd('.'), e);
        }
    }

    public void Dispose()
    {
        try
        {
            if (_isOurs)
                Directory.Delete(Path, recursive: false);
        }
        catch (IOException)
        {
            // Something is in it, or still mounted there: it is the user's then.
        }
    }

    public static TelepresenceException Busy(string path, string reason, Exception? cause = null) =>
        ErrorCatalogue.Error(ErrorId.MountPointBusy, path, cause, ("path", path), ("reason", reason));
}
