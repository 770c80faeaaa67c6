using System.IO.Enumeration;

namespace Telepresence.Engine.Routing;

/// <summary>Tells whose an interface is, by <see cref="InterfaceOwnerTable"/>.</summary>
internal static class InterfaceOwner
{
    private static readonly InterfaceSystem _thisSystem =
        OperatingSystem.IsWindows() ? InterfaceSystem.Windows
        : OperatingSystem.IsMacOS() ? InterfaceSystem.MacOS
        : InterfaceSystem.Linux;

    /// <summary>The product's name, words for several that it may be, or empty when nothing tells.</summary>
    public static string Of(SystemInterface on) => Of(on, _thisSystem);

    /// <param name="on">The interface.</param>
    /// <param name="system">Where it is.</param>
    public static string Of(SystemInterface on, InterfaceSystem system)
    {
        foreach (var row in InterfaceOwnerTable.Rows)
        {
            if (
                row.System == system
                && Fits(row.Name, on.Name)
                && Fits(row.Kind, on.Kind)
                && Fits(row.Description, on.Description)
            )
            {
                return row.Owner;
            }
        }
        return "";
    }

    private static bool Fits(string? pattern, string text) =>
        pattern is null || FileSystemName.MatchesSimpleExpression(pattern, text, ignoreCase: true);
}
