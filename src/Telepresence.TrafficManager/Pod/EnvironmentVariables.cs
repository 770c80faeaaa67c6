using System.Globalization;
using System.Net;
using Telepresence.TrafficManager.Compatibility;

namespace Telepresence.TrafficManager.Pod;

/// <summary>Reads the environment of a container; a value that makes no sense is told by the variable's name.</summary>
internal sealed class EnvironmentVariables(Func<string, string?> variable)
{
    /// <summary>Null where it is not set, or empty.</summary>
    public string? Text(string name) => variable(name) is { Length: > 0 } text ? text : null;

    /// <exception cref="FormatException">No port number.</exception>
    public int Port(string name, int otherwise) =>
        Text(name) is not { } text ? otherwise
        : ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
        : throw Malformed(name, text);

    /// <exception cref="FormatException">No address.</exception>
    public IPAddress Address(string name, IPAddress otherwise) =>
        Text(name) is not { } text ? otherwise
        : IPAddress.TryParse(text, out var address) ? address
        : throw Malformed(name, text);

    /// <summary>Separated by spaces or commas.</summary>
    public string[] Words(string name) =>
        (variable(name) ?? "").Split([' ', ','], StringSplitOptions.RemoveEmptyEntries);

    /// <exception cref="FormatException">No list of CIDRs.</exception>
    public List<IPNetwork> Networks(string name) =>
        [
            .. Words(name)
                .Select(text => IPNetwork.TryParse(text, out var network) ? network : throw Malformed(name, text)),
        ];

    /// <summary>A name of <typeparamref name="T"/>, in whatever case.</summary>
    /// <exception cref="FormatException">None of its names.</exception>
    public T Choice<T>(string name, T otherwise)
        where T : struct, Enum => Text(name) is { } text ? Parse<T>(name, text) : otherwise;

    /// <summary>Names of <typeparamref name="T"/>; all of them where the variable is not set.</summary>
    /// <exception cref="FormatException">None of its names.</exception>
    public IReadOnlyList<T> Choices<T>(string name)
        where T : struct, Enum =>
        Words(name) is [_, ..] words ? [.. words.Select(word => Parse<T>(name, word))] : Enum.GetValues<T>();

    /// <summary>Go's way to write durations, one unit: <c>24h</c>, <c>90m</c>, <c>30s</c>.</summary>
    /// <exception cref="FormatException">No duration.</exception>
    public TimeSpan Duration(string name, TimeSpan otherwise)
    {
        if (Text(name) is not { } text)
            return otherwise;
        if (!double.TryParse(text.AsSpan(..^1), CultureInfo.InvariantCulture, out var value) || value <= 0)
            throw Malformed(name, text);
        return text[^1] switch
        {
            'h' => TimeSpan.FromHours(value),
            'm' => TimeSpan.FromMinutes(value),
            's' => TimeSpan.FromSeconds(value),
            _ => throw Malformed(name, text),
        };
    }

    /// <summary>Kubernetes' way to write sizes: <c>4Mi</c>, <c>512Ki</c>, bytes.</summary>
    /// <exception cref="FormatException">No size.</exception>
    public int Size(string name, int otherwise)
    {
        if (Text(name) is not { } text)
            return otherwise;
        var (digits, unit) =
            text.EndsWith("Mi", StringComparison.Ordinal) ? (text[..^2], 1024 * 1024)
            : text.EndsWith("Ki", StringComparison.Ordinal) ? (text[..^2], 1024)
            : (text, 1);
        return
            int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            && value > 0
            && value <= int.MaxValue / unit / 2
            ? value * unit
            : throw Malformed(name, text);
    }

    /// <exception cref="FormatException">No release that can be emulated.</exception>
    public ManagerRelease? Release(string name) =>
        Text(name) is not { } text ? null
        : ManagerRelease.TryParse(text, out var release) ? release
        : throw Malformed(name, text);

    private static T Parse<T>(string name, string text)
        where T : struct, Enum =>
        char.IsLetter(text[0]) && Enum.TryParse<T>(text, ignoreCase: true, out var value)
            ? value
            : throw Malformed(name, text);

    public static FormatException Malformed(string name, string value) =>
        new($"The environment variable {name} has the value '{value}', which makes no sense.");
}
