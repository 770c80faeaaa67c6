using System.Text.RegularExpressions;
using Telepresence.UnitTests.PowerShell;

namespace Telepresence.UnitTests.NetStack;

/// <summary>docs/rfc.md names tests of both test projects; what it names has to be there.</summary>
public partial class RfcTableTests
{
    private const int Columns = 4;

    private static readonly string[][] _rows =
    [
        .. File.ReadLines(Path.Combine(CmdletTypes.Repository, "docs", "rfc.md"))
            .Where(line => line.StartsWith("| ", StringComparison.Ordinal))
            .Select(line => line.Trim('|').Split('|', StringSplitOptions.TrimEntries))
            .Where(row => row[0] is not ("section" or "---")),
    ];

    [Fact]
    public void Every_test_that_is_named_exists()
    {
        var tests = Tests();
        var missing = _rows.SelectMany(row => Names(row[^1])).Where(name => !tests.Contains(name));

        Assert.Empty(missing);
        Assert.All(_rows, row => Assert.Equal(Columns, row.Length));
    }

    [Fact]
    public void Nothing_is_claimed_without_a_test() =>
        Assert.All(
            _rows,
            row =>
            {
                Assert.Matches("^(done|part|no)(,|:|$)", row[2]);
                Assert.Equal(row[2].StartsWith("no", StringComparison.Ordinal), !Names(row[^1]).Any());
            }
        );

    private static IEnumerable<string> Names(string cell) =>
        TestName().Matches(cell).Select(match => match.Groups[1].Value);

    /// <summary>Class.Method of each test, from the sources: the end-to-end tests are not loaded here.</summary>
    private static HashSet<string> Tests() =>
        [
            .. Directory
                .EnumerateFiles(Path.Combine(CmdletTypes.Repository, "tests"), "*Tests.cs", SearchOption.AllDirectories)
                .SelectMany(file =>
                    TestMethod()
                        .Matches(File.ReadAllText(file))
                        .Select(match => $"{Path.GetFileNameWithoutExtension(file)}.{match.Groups[1].Value}")
                ),
        ];

    [GeneratedRegex(@"`(\w+\.\w+)`")]
    private static partial Regex TestName();

    // xUnit1013 sees to it that a public method of a test class is a test.
    [GeneratedRegex(@"public (?:static )?(?:async )?(?:void|Task) (\w+)\(")]
    private static partial Regex TestMethod();
}
