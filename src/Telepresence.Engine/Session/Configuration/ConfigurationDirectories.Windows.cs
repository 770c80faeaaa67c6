using SpecialFolder = System.Environment.SpecialFolder;

namespace Telepresence.Engine.Session.Configuration;

internal sealed partial record ConfigurationDirectories
{
    /// <summary>Roaming AppData and ProgramData.</summary>
    public static ConfigurationDirectories Windows(Func<string, string?> environment)
    {
        var user = Value(environment, "APPDATA", () => Environment.GetFolderPath(SpecialFolder.ApplicationData));
        var system = Value(
            environment,
            "ProgramData",
            () => Environment.GetFolderPath(SpecialFolder.CommonApplicationData)
        );
        return new($@"{user}\{Name}", [$@"{system}\{Name}"]);
    }
}
