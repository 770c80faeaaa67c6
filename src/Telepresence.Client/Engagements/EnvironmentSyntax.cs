namespace Telepresence.Client.Engagements;

/// <summary>Who reads an environment file.</summary>
public enum EnvironmentSyntax
{
    /// <summary><c>docker run --env-file</c>: <c>K=V</c>, nothing quoted, no line breaks.</summary>
    Docker,

    /// <summary>A <c>.env</c> file of docker compose.</summary>
    Compose,

    /// <summary>POSIX shells; variables of the shell.</summary>
    Sh,

    /// <summary>POSIX shells; exported.</summary>
    ShExport,

    /// <summary>csh and tcsh; variables of the shell.</summary>
    Csh,

    /// <summary>csh and tcsh; exported.</summary>
    CshExport,

    /// <summary>PowerShell; the environment of the process.</summary>
    PowerShell,

    /// <summary>PowerShell on Windows; the user's environment, for good.</summary>
    PowerShellExport,

    /// <summary>A batch file of cmd.exe.</summary>
    Cmd,

    /// <summary>A JSON object.</summary>
    Json,
}
