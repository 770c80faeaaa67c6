namespace Telepresence.Peers;

/// <summary>The command line.</summary>
/// <param name="Runs">How often each cell is measured.</param>
/// <param name="Seconds">How long one run of a cell takes.</param>
/// <param name="Json">File for the figures; null: none.</param>
/// <param name="Only">Measures to take; empty: all.</param>
internal sealed record PeersOptions(int Runs, double Seconds, string? Json, IReadOnlyList<string> Only)
{
    public const string Usage = "usage: peers [--quick] [--runs N] [--json FILE] [--only MEASURE,…]";

    /// <exception cref="FormatException">Not such a command line.</exception>
    public static PeersOptions Parse(IReadOnlyList<string> arguments)
    {
        var options = new PeersOptions(5, 2, null, []);
        for (var i = 0; i < arguments.Count; i++)
        {
            options = arguments[i] switch
            {
                "--quick" => options with { Runs = 1, Seconds = 0.8 },
                "--runs" when int.TryParse(Value(ref i), out var runs) && runs > 0 => options with { Runs = runs },
                "--json" => options with { Json = Value(ref i) },
                "--only" => options with { Only = Value(ref i).Split(',', StringSplitOptions.RemoveEmptyEntries) },
                var unknown => throw new FormatException($"'{unknown}' makes no sense. {Usage}"),
            };
        }
        var wrong = options.Only.FirstOrDefault(name => !Measures.Names.Contains(name));
        return wrong is null
            ? options
            : throw new FormatException(
                $"There is no measure '{wrong}'. There are: {string.Join(", ", Measures.Names)}"
            );

        string Value(ref int index) =>
            ++index < arguments.Count
                ? arguments[index]
                : throw new FormatException($"{arguments[^1]} lacks its value");
    }
}
