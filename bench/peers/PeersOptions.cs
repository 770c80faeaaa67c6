namespace Telepresence.Peers;

/// <summary>The command line.</summary>
/// <param name="Runs">How often each cell is measured.</param>
/// <param name="Seconds">How long one run of a cell takes.</param>
/// <param name="Json">File for the figures; null: none.</param>
/// <param name="Plot">File for the plot; null: none.</param>
/// <param name="Kubeconfig">Of a real cluster; null: none, and what needs one is not run.</param>
/// <param name="Only">Measures to take; empty: all.</param>
/// <param name="Columns">Ways to measure, by their names in JSON; empty: all.</param>
internal sealed record PeersOptions(
    int Runs,
    double Seconds,
    string? Json,
    string? Plot,
    string? Kubeconfig,
    IReadOnlyList<string> Only,
    IReadOnlyList<string> Columns
)
{
    public const string Usage =
        "usage: peers [--quick] [--runs N] [--json FILE] [--plot FILE] [--kubeconfig FILE] "
        + "[--only MEASURE,…] [--columns COLUMN,…]";

    private const string KubeconfigVariable = "TELEPRESENCE_TEST_KUBECONFIG";

    /// <exception cref="FormatException">Not such a command line.</exception>
    public static PeersOptions Parse(IReadOnlyList<string> arguments)
    {
        var options = new PeersOptions(
            5,
            1,
            null,
            null,
            Environment.GetEnvironmentVariable(KubeconfigVariable),
            [],
            []
        );
        var quick = false;
        for (var i = 0; i < arguments.Count; i++)
        {
            switch (arguments[i])
            {
                case "--quick":
                    quick = true;
                    options = options with { Runs = 1 };
                    break;
                case "--runs" when int.TryParse(Value(ref i), out var runs) && runs > 0:
                    options = options with { Runs = runs };
                    break;
                case "--json":
                    options = options with { Json = Value(ref i) };
                    break;
                case "--plot":
                    options = options with { Plot = Value(ref i) };
                    break;
                case "--kubeconfig":
                    options = options with { Kubeconfig = Value(ref i) };
                    break;
                case "--only":
                    options = options with { Only = Value(ref i).Split(',', StringSplitOptions.RemoveEmptyEntries) };
                    break;
                case "--columns":
                    options = options with { Columns = Value(ref i).Split(',', StringSplitOptions.RemoveEmptyEntries) };
                    break;
                case var unknown:
                    throw new FormatException($"'{unknown}' makes no sense. {Usage}");
            }
        }
        var wrong = options.Only.FirstOrDefault(name => !Measures.Names.Contains(name));
        if (wrong is not null)
        {
            throw new FormatException($"There is no measure '{wrong}'. There are: {string.Join(", ", Measures.Names)}");
        }
        return quick && options.Only.Count == 0 ? options with { Only = Measures.Quick } : options;

        string Value(ref int index) =>
            ++index < arguments.Count
                ? arguments[index]
                : throw new FormatException($"{arguments[^1]} lacks its value");
    }
}
