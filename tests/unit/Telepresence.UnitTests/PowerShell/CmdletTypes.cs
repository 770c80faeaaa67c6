using System.Management.Automation;
using System.Reflection;
using Telepresence.PowerShell;

namespace Telepresence.UnitTests.PowerShell;

/// <summary>
/// The module's cmdlets by reflection: no pwsh is needed. Attributes are read as data, because those of PowerShell's
/// reference assembly have no code: made as objects, they forget what they were given.
/// </summary>
internal static class CmdletTypes
{
    public static string Repository { get; } = FindRepository();

    public static IReadOnlyDictionary<string, Type> All { get; } =
        typeof(TelepresenceCmdlet)
            .Assembly.GetExportedTypes()
            .Where(t => !t.IsAbstract && AttributesOf<CmdletAttribute>(t).Any())
            .ToDictionary(NameOf);

    public static string NameOf(Type type)
    {
        var cmdlet = AttributesOf<CmdletAttribute>(type).Single().ConstructorArguments;
        return $"{cmdlet[0].Value}-{cmdlet[1].Value}";
    }

    public static bool SupportsShouldProcess(Type type) =>
        Named(AttributesOf<CmdletAttribute>(type).Single(), "SupportsShouldProcess") is true;

    public static IEnumerable<PropertyInfo> ParametersOf(Type type) =>
        type.GetProperties().Where(p => AttributesOf<ParameterAttribute>(p).Any());

    public static IEnumerable<CustomAttributeData> AttributesOf<T>(MemberInfo member) =>
        member.GetCustomAttributesData().Where(a => a.AttributeType == typeof(T));

    public static object? Named(CustomAttributeData attribute, string name) =>
        attribute.NamedArguments.Where(a => a.MemberName == name).Select(a => a.TypedValue.Value).FirstOrDefault();

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
