using System.ComponentModel;
using System.Diagnostics;

namespace Telepresence.Sandbox.Demo;

/// <summary>Runs programs we did not write; their word is the demo's verdict.</summary>
internal static class ForeignProgram
{
    /// <summary>The time a program gets unless told otherwise.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Full path of a program on PATH, or null.</summary>
    public static string? Find(string name)
    {
        var path = Environment.GetEnvironmentVariable("PATH") ?? "";
        // /usr/sbin holds ip, and an ordinary user's PATH often lacks it.
        return path.Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Concat(["/usr/sbin", "/sbin", "/usr/bin", "/bin"])
            .Select(directory => Path.Combine(directory, name))
            .FirstOrDefault(File.Exists);
    }

    /// <summary>True when the machine has the program.</summary>
    public static bool Exists(string name) => Find(name) is not null;

    /// <summary>Runs a program to its end, or to the end of its time.</summary>
    /// <remarks>The process is started on the calling thread, whose network namespace it inherits.</remarks>
    /// <exception cref="DemoException">The machine does not have the program.</exception>
    public static async Task<Observation> RunAsync(
        string name,
        IReadOnlyList<string> arguments,
        TimeSpan? timeout = null,
        CancellationToken cancellationToken = default
    )
    {
        using var process = Start(name, arguments);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        var error = process.StandardError.ReadToEndAsync(CancellationToken.None);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(timeout ?? DefaultTimeout);
        int? exitCode = null;
        try
        {
            await process.WaitForExitAsync(deadline.Token).ConfigureAwait(false);
            exitCode = process.ExitCode;
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
        }
        return new Observation(
            CommandLineOf(name, arguments),
            exitCode,
            await output.ConfigureAwait(false),
            await error.ConfigureAwait(false)
        );
    }

    /// <summary>Starts a program and leaves it running; the caller ends it.</summary>
    /// <exception cref="DemoException">The machine does not have the program.</exception>
    public static Process Start(string name, IReadOnlyList<string> arguments)
    {
        var path =
            Find(name)
            ?? throw new DemoException(
                "ProgramMissing",
                $"This machine has no {name}.",
                $"Install {name} and try again."
            );
        var start = new ProcessStartInfo(path, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new DemoException(
                "ProgramMissing",
                $"{path} does not start: {e.Message}",
                $"Repair {name} and try again."
            );
        }
    }

    /// <summary>The command line as a user would type it in a shell.</summary>
    public static string CommandLineOf(string name, IReadOnlyList<string> arguments)
    {
        return string.Join(' ', arguments.Prepend(name).Select(Quote));
    }

    private static string Quote(string argument)
    {
        var plain = argument.Length > 0 && argument.All(c => char.IsAsciiLetterOrDigit(c) || "-_./:=@%+,".Contains(c));
        return plain ? argument : $"'{argument.Replace("'", @"'\''", StringComparison.Ordinal)}'";
    }
}
