using System.Globalization;

namespace Telepresence.Peers.Report;

/// <summary>What happens now, for whoever waits; apart from the result.</summary>
internal static class Progress
{
    public static void Say(string text) =>
        Console.Error.WriteLine($"{DateTime.Now.ToString("HH:mm:ss", CultureInfo.InvariantCulture)} {text}");
}
