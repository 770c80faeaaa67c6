using Telepresence.Client.Errors;

namespace Telepresence.Client.Launch;

/// <summary>Runs the launcher as root: sudo without a password, sudo on the terminal, or pkexec on a desktop.</summary>
internal static class Elevation
{
    /// <exception cref="TelepresenceException">ElevationRefused, with the tool's own words, and what the launcher says.</exception>
    public static async Task RunAsync(
        IReadOnlyList<string> command,
        bool mayPrompt,
        IProgress<string>? progress,
        CancellationToken cancellationToken
    )
    {
        if (HasNoNewPrivileges())
        {
            throw Refused(
                "this process runs with 'no new privileges' (a container or a service), so that sudo cannot work"
            );
        }
        var sudo = Find("sudo");
        var pkexec = Find("pkexec");
        List<string> refusals = [];
        if (sudo is not null)
        {
            var silent = await EngineStart
                .RunAsync(sudo, ["-n", "--", .. command], inheritInput: false, cancellationToken)
                .ConfigureAwait(false);
            if (!Refuses(silent, refusals))
            {
                silent.ThrowUnlessReady();
                return;
            }
            if (mayPrompt && HasTerminal())
            {
                progress?.Report("waiting for the password that sudo asks for");
                var asked = await EngineStart
                    .RunAsync(sudo, ["--", .. command], inheritInput: true, cancellationToken)
                    .ConfigureAwait(false);
                if (!Refuses(asked, refusals))
                {
                    asked.ThrowUnlessReady();
                    return;
                }
                throw Refused(string.Join("; ", refusals));
            }
        }
        if (pkexec is not null && mayPrompt && HasDesktop())
        {
            progress?.Report("waiting for the permission that the desktop asks for");
            var asked = await EngineStart
                .RunAsync(pkexec, command, inheritInput: false, cancellationToken)
                .ConfigureAwait(false);
            if (!Refuses(asked, refusals))
            {
                asked.ThrowUnlessReady();
                return;
            }
        }
        throw Refused(refusals.Count > 0 ? string.Join("; ", refusals) : "neither sudo nor pkexec is installed");
    }

    /// <summary>The tool itself refused: sudo ends with 1 then, pkexec with 126 or 127, and the launcher said nothing.</summary>
    private static bool Refuses(StartOutcome outcome, List<string> refusals)
    {
        if (outcome.IsReady || outcome.Error is not null || outcome.ExitCode is not (1 or 126 or 127 or -1))
        {
            return false;
        }
        refusals.Add(
            outcome.Words.Length > 0 ? outcome.Words.ReplaceLineEndings(" ") : $"exit code {outcome.ExitCode}"
        );
        return true;
    }

    private static bool HasNoNewPrivileges()
    {
        try
        {
            return File.ReadLines("/proc/self/status")
                .Any(line => line.StartsWith("NoNewPrivs:", StringComparison.Ordinal) && line.EndsWith('1'));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // sudo says it itself then.
            return false;
        }
    }

    private static bool HasTerminal()
    {
        try
        {
            using FileStream terminal = new("/dev/tty", FileMode.Open, FileAccess.ReadWrite);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static bool HasDesktop() =>
        Environment.GetEnvironmentVariable("DISPLAY") is { Length: > 0 }
        || Environment.GetEnvironmentVariable("WAYLAND_DISPLAY") is { Length: > 0 };

    private static string? Find(string tool) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Concat(["/usr/bin", "/usr/local/bin"])
            .Select(folder => Path.Combine(folder, tool))
            .FirstOrDefault(File.Exists);

    private static TelepresenceException Refused(string reason) =>
        ErrorCatalogue.Error(ErrorId.ElevationRefused, null, ("reason", reason));
}
