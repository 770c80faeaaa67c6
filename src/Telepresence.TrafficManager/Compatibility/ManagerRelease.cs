using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Telepresence.TrafficManager.Compatibility;

/// <summary>A release of the upstream traffic-manager whose interface is emulated: 2.20 and later.</summary>
public sealed record ManagerRelease
{
    /// <summary>The earliest one.</summary>
    public static readonly ManagerRelease Oldest = new(new Version(2, 20, 0));

    private ManagerRelease(Version number) => Number = number;

    /// <summary>Three numbers.</summary>
    public Version Number { get; }

    /// <summary>As <c>v2.22.4</c>.</summary>
    public string Name => $"v{Number}";

    /// <summary>
    /// Reads <c>2.22.4</c>, with or without <c>v</c>. Of two numbers alone, <c>2.20</c> and <c>2.22</c> are 2.20.2 and 2.22.4,
    /// whose interfaces are known, and others the first of their line.
    /// </summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out ManagerRelease? release)
    {
        release = null;
        var numbers = text?.StartsWith('v') == true ? text[1..] : text;
        if (!Version.TryParse(numbers, out var parsed) || parsed.Revision >= 0)
            return false;
        var number = parsed.Build >= 0 ? parsed : new Version(parsed.Major, parsed.Minor, PatchOf(parsed));
        if (number < Oldest.Number || number.Major != Oldest.Number.Major)
            return false;
        release = new ManagerRelease(number);
        return true;
    }

    /// <exception cref="FormatException">No release, or one before <see cref="Oldest"/>.</exception>
    public static ManagerRelease Parse(string text) =>
        TryParse(text, out var release)
            ? release
            : throw new FormatException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"'{text}' is no release of the traffic-manager that can be emulated, as 2.20, 2.22, 2.25 or 2.31."
                )
            );

    /// <summary>True for that release and later ones.</summary>
    public bool IsAtLeast(int minor, int patch = 0) => Number >= new Version(Oldest.Number.Major, minor, patch);

    /// <inheritdoc/>
    public override string ToString() => Name;

    private static int PatchOf(Version line) =>
        line.Minor switch
        {
            20 => 2,
            22 => 4,
            _ => 0,
        };
}
