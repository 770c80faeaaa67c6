using System.ComponentModel;
using System.Diagnostics;

namespace Telepresence.ImageBuilder;

/// <summary>Programs of the machine; one that is missing or fails is an <see cref="IOException"/> that names it.</summary>
internal static class Commands
{
    /// <summary>Runs a program to its end; what it prints is shown only where it fails.</summary>
    public static async Task RunAsync(string folder, string program, IReadOnlyList<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Start(start);
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new IOException(
                $"'{program} {string.Join(' ', arguments)}' ended with {process.ExitCode}:\n{await output}{await error}"
            );
        }
    }

    public static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new IOException($"{start.FileName} cannot be started: {e.Message}", e);
        }
    }
}
