namespace Telepresence.Engine.Session.Configuration;

/// <summary>The stable id of this installation: the file <c>id</c> in the configuration directory (PROTOCOL §1.6).</summary>
internal static class InstallIdentity
{
    /// <summary>
    /// The id on file, or a new one that is put there. Where nothing can be written the id lasts as long as the engine.
    /// </summary>
    public static string ReadOrMake(Func<string, string?> environment)
    {
        var directory = ConfigurationDirectories.Of(environment).User;
        var path = Path.Combine(directory, "id");
        try
        {
            if (File.Exists(path) && Guid.TryParse(File.ReadAllText(path).Trim(), out var known))
                return known.ToString();
            Directory.CreateDirectory(directory);
            var made = Guid.NewGuid().ToString();
            File.WriteAllText(path, made);
            return made;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Guid.NewGuid().ToString();
        }
    }
}
