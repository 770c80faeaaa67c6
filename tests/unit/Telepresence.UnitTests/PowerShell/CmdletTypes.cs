using System.Management.Automation;
using System.Reflection;
using Telepresence.PowerShell;

namespace Telepresence.UnitTests.PowerShell;

/// <summary>The module's cmdlets by reflection: no pwsh is needed.</summary>
internal static class CmdletTypes
{
    public static string Repository { get; } = FindRepository();

    public static IReadOnlyDictionary<string, Type> All { get; } =
        typeof(TelepresenceCmdlet)
            .Assembly.GetExportedTypes()
            .Where(t => !t.IsAbstract && t.IsDefined(typeof(CmdletAttribute)))
            .ToDictionary(NameOf);

    public static string NameOf(Type type)
    {
        var cmdlet = type.GetCustomAttribute<CmdletAttribute>()!;
        return $"{cmdlet.VerbName}-{cmdlet.NounName}";
    }

    public static IEnumerable<PropertyInfo> ParametersOf(Type type) =>
        type.GetProperties().Where(p => p.IsDefined(typeof(ParameterAttribute)));

    private static string FindRepository()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Telepresence.slnx")))
        {
            folder = Path.GetDirectoryName(folder)!;
        }
        return folder;
    }
}
