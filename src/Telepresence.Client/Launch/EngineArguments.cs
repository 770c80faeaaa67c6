using System.Globalization;
using Telepresence.Client.Contract;

namespace Telepresence.Client.Launch;

/// <summary>The engine's command line: <c>engine [--user] …</c> or <c>engine launch --uid … …</c>.</summary>
public sealed record EngineArguments
{
    /// <summary>First line an engine or launcher writes when it answers on its socket.</summary>
    public const string Ready = "telepresence-engine: ready";

    /// <summary>Begins a line that carries a typed error as JSON instead.</summary>
    public const string Failed = "telepresence-engine: error ";

    /// <summary>Runs as root, gives up root, starts the engine as <see cref="User"/>, and ends.</summary>
    public bool IsLaunch { get; init; }

    /// <summary>Which engine runs.</summary>
    public EngineRole Role { get; init; } = EngineRole.Network;

    /// <summary>The user's <see cref="RuntimeDirectory"/>.</summary>
    public string Directory { get; init; } = "";

    /// <summary>JSON file of the user's with the environment that sudo took away; the engine deletes it.</summary>
    public string? EnvironmentFile { get; init; }

    /// <summary>Whom the engine runs as (launch only).</summary>
    public uint User { get; init; }

    /// <summary>Its group (launch only).</summary>
    public uint Group { get; init; }

    /// <summary>Its supplementary groups (launch only).</summary>
    public IReadOnlyList<uint> Groups { get; init; } = [];

    /// <summary>Descriptors of /dev/net/tun that the launcher opened.</summary>
    public IReadOnlyList<int> TunDescriptors { get; init; } = [];

    /// <summary>Stays in the foreground, with its terminal and streams; for tests and debuggers.</summary>
    public bool Foreground { get; init; }

    /// <summary>The command line, without the host's own part.</summary>
    public IReadOnlyList<string> ToArguments()
    {
        List<string> arguments = ["engine"];
        if (IsLaunch)
        {
            arguments.Add("launch");
            Add("--uid", User.ToString(CultureInfo.InvariantCulture));
            Add("--gid", Group.ToString(CultureInfo.InvariantCulture));
            Add("--groups", string.Join(',', Groups));
        }
        if (Role == EngineRole.User)
        {
            arguments.Add("--user");
        }
        Add("--directory", Directory);
        if (EnvironmentFile is not null)
        {
            Add("--environment", EnvironmentFile);
        }
        if (TunDescriptors.Count > 0)
        {
            Add("--tun", string.Join(',', TunDescriptors));
        }
        if (Foreground)
        {
            arguments.Add("--foreground");
        }
        return arguments;

        void Add(string name, string value)
        {
            arguments.Add(name);
            arguments.Add(value);
        }
    }

    /// <exception cref="FormatException">Not such a command line.</exception>
    public static EngineArguments Parse(IReadOnlyList<string> arguments)
    {
        if (arguments.Count == 0 || arguments[0] != "engine")
        {
            throw new FormatException("usage: engine [launch --uid N --gid N --groups N,N] [--user] --directory PATH");
        }
        EngineArguments parsed = new();
        for (var i = 1; i < arguments.Count; i++)
        {
            parsed = arguments[i] switch
            {
                "launch" => parsed with { IsLaunch = true },
                "--user" => parsed with { Role = EngineRole.User },
                "--foreground" => parsed with { Foreground = true },
                "--uid" => parsed with { User = Number(Value(ref i)) },
                "--gid" => parsed with { Group = Number(Value(ref i)) },
                "--groups" => parsed with { Groups = [.. List(Value(ref i)).Select(Number)] },
                "--directory" => parsed with { Directory = Value(ref i) },
                "--environment" => parsed with { EnvironmentFile = Value(ref i) },
                "--tun" => parsed with { TunDescriptors = [.. List(Value(ref i)).Select(n => (int)Number(n))] },
                var unknown => throw new FormatException($"unknown argument '{unknown}'"),
            };
        }
        return parsed;

        string Value(ref int index) =>
            ++index < arguments.Count
                ? arguments[index]
                : throw new FormatException($"{arguments[^1]} lacks its value");
    }

    private static string[] List(string text) => text.Split(',', StringSplitOptions.RemoveEmptyEntries);

    private static uint Number(string text) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new FormatException($"'{text}' is not a number");
}
