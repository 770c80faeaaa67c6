using System.Text.Json.Nodes;

namespace Telepresence.Sandbox.Demo;

/// <summary>What a disconnect must leave as it was: interfaces, routes, rules and name servers, as <c>ip</c> tells them.</summary>
internal sealed class MachineState
{
    private static readonly (string What, string Arguments)[] _questions =
    [
        ("interface", "-j link show"),
        ("address", "-j address show"),
        ("route", "-4 -j route show table all"),
        ("route", "-6 -j route show table all"),
        ("rule", "-4 -j rule show"),
        ("rule", "-6 -j rule show"),
    ];

    /// <summary>They change by themselves, or a moment after a link came up.</summary>
    private static readonly string[] _volatile = ["expires", "used", "age", "operstate", "flags"];

    private readonly HashSet<string> _facts;

    private MachineState(HashSet<string> facts) => _facts = facts;

    /// <summary>Records the present state.</summary>
    public static async Task<MachineState> RecordAsync(CancellationToken cancellationToken)
    {
        var facts = new HashSet<string>();
        foreach (var (what, arguments) in _questions)
        {
            var seen = await ForeignProgram
                .RunAsync("ip", arguments.Split(' '), cancellationToken: cancellationToken)
                .ConfigureAwait(false);
            facts.UnionWith(Parse(seen).Select(fact => $"{what} {fact}"));
        }
        facts.Add(
            $"resolv.conf {await File.ReadAllTextAsync("/etc/resolv.conf", cancellationToken).ConfigureAwait(false)}"
        );
        return new MachineState(facts);
    }

    /// <summary>What is there now and was not before (+), or was and is no more (-).</summary>
    public IReadOnlyList<string> DifferenceTo(MachineState later)
    {
        return
        [
            .. later._facts.Except(_facts).Select(fact => $"+ {fact}"),
            .. _facts.Except(later._facts).Select(fact => $"- {fact}"),
        ];
    }

    private static IEnumerable<string> Parse(Observation seen)
    {
        if (!seen.Succeeded)
        {
            throw new VerdictException($"`{seen.CommandLine}`: {seen.Status}: {seen.FirstLine}");
        }
        foreach (var item in JsonNode.Parse(seen.Output is "" ? "[]" : seen.Output)!.AsArray().OfType<JsonObject>())
        {
            foreach (var name in _volatile)
            {
                item.Remove(name);
            }
            if (item.Count > 0)
            {
                yield return item.ToJsonString();
            }
        }
    }
}
