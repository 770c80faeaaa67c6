using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Telepresence.Client.Launch;

/// <summary>Who owns a file, without following a link: what .NET does not tell.</summary>
[SupportedOSPlatform("linux")]
internal static partial class PosixOwnership
{
    private const int AtFdcwd = -100;
    private const int AtSymlinkNofollow = 0x100;
    private const uint StatxBasicStats = 0x7ff;
    private const int TypeMask = 0xF000;
    private const int TypeDirectory = 0x4000;

    /// <summary>This process's effective user.</summary>
    public static uint EffectiveUser => geteuid();

    public static uint EffectiveGroup => getegid();

    /// <summary>Supplementary groups of this process.</summary>
    public static unsafe uint[] Groups()
    {
        var count = getgroups(0, null);
        if (count <= 0)
        {
            return [];
        }
        var groups = new uint[count];
        fixed (uint* list = groups)
        {
            count = getgroups(count, list);
        }
        return count < 0 ? [] : groups[..count];
    }

    /// <summary>Null where there is nothing at <paramref name="path"/>.</summary>
    public static unsafe PosixEntry? Find(string path)
    {
        // struct statx has one layout on every architecture, which struct stat has not.
        var buffer = stackalloc byte[256];
        if (statx(AtFdcwd, path, AtSymlinkNofollow, StatxBasicStats, buffer) != 0)
        {
            return null;
        }
        var mode = *(ushort*)(buffer + 28);
        return new PosixEntry(
            Owner: *(uint*)(buffer + 20),
            IsDirectory: (mode & TypeMask) == TypeDirectory,
            Permissions: (UnixFileMode)(mode & 0xFFF)
        )
        {
            Group = *(uint*)(buffer + 24),
        };
    }

    /// <summary>Gives a file to a user and a group; false where this process may not.</summary>
    public static bool TryGive(string path, uint owner, uint group) => chown(path, owner, group) == 0;

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int chown(string path, uint owner, uint group);

    [LibraryImport("libc")]
    private static partial uint geteuid();

    [LibraryImport("libc")]
    private static partial uint getegid();

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int getgroups(int size, uint* list);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int statx(int directory, string path, int flags, uint mask, byte* buffer);
}

/// <summary>A file as <see cref="PosixOwnership"/> sees it; a symbolic link is itself, not what it points to.</summary>
internal sealed record PosixEntry(uint Owner, bool IsDirectory, UnixFileMode Permissions)
{
    public uint Group { get; init; }
}
