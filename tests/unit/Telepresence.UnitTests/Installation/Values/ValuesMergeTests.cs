using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Telepresence.Engine.Installation.Values;

namespace Telepresence.UnitTests.Installation.Values;

public class ValuesMergeTests
{
    [Theory]
    [InlineData("{a: {b: 1, c: 2}}", "{a: {c: 3, d: 4}}", """{"a":{"b":1,"c":2,"d":4}}""")]
    [InlineData("{a: null}", "{a: {b: 1}, c: 2}", """{"c":2}""")]
    [InlineData("{a: {b: null}}", "{a: {b: 1, c: 2}}", """{"a":{"c":2}}""")]
    [InlineData("{a: [1]}", "{a: [2, 3]}", """{"a":[1]}""")]
    [InlineData("{a: 1}", "{a: {b: 1}}", """{"a":1}""")]
    [InlineData("{a: {b: 1}}", "{a: 1}", """{"a":{"b":1}}""")]
    [InlineData("{a: {b: null, c: {d: null}}}", "{}", """{"a":{"c":{}}}""")]
    public void Merges_as_helm_does(string upper, string lower, string expected)
    {
        var merged = ValuesMerge.Over(ValuesText.Parse(upper), ValuesText.Parse(lower));
        Assert.True(
            JsonNode.DeepEquals(JsonNode.Parse(expected), merged),
            $"expected {expected}, got {merged.ToJsonString()}"
        );
    }

    [Fact]
    public void Values_over_themselves_are_themselves_and_over_nothing_too() =>
        Prop.ForAll(
                Trees(),
                tree =>
                    JsonNode.DeepEquals(ValuesMerge.Over(tree, tree), tree)
                    && JsonNode.DeepEquals(ValuesMerge.Over(tree, []), tree)
                    && JsonNode.DeepEquals(ValuesMerge.Over([], tree), tree)
            )
            .QuickCheckThrowOnFailure();

    [Fact]
    public void It_does_not_matter_which_two_of_three_merge_first() =>
        Prop.ForAll(
                Trees(),
                Trees(),
                Trees(),
                (a, b, c) =>
                    // A value between two mappings hides the lowest in one order only, in helm too.
                    !SameShape(a, b)
                    || !SameShape(b, c)
                    || !SameShape(a, c)
                    || JsonNode.DeepEquals(
                        ValuesMerge.Over(a, ValuesMerge.Over(b, c)),
                        ValuesMerge.Over(ValuesMerge.Over(a, b), c)
                    )
            )
            .QuickCheckThrowOnFailure();

    [Fact]
    public void The_upper_ones_are_found_again() =>
        Prop.ForAll(
                Trees(),
                Trees(),
                (upper, lower) =>
                    JsonNode.DeepEquals(
                        ValuesMerge.Over(upper, ValuesMerge.Over(upper, lower)),
                        ValuesMerge.Over(upper, lower)
                    )
            )
            .QuickCheckThrowOnFailure();

    private static bool SameShape(JsonObject one, JsonObject other) =>
        one.All(pair =>
            other[pair.Key] is not { } counterpart
            || (pair.Value, counterpart) switch
            {
                (JsonObject a, JsonObject b) => SameShape(a, b),
                (JsonObject, _) or (_, JsonObject) => false,
                _ => true,
            }
        );

    /// <summary>Mappings of up to three levels without nulls.</summary>
    private static Arbitrary<JsonObject> Trees() =>
        ArbMap.Default.ArbFor<int[]>().Generator.Select(numbers => Tree(new Queue<int>(numbers), 3)).ToArbitrary();

    private static JsonObject Tree(Queue<int> numbers, int depth)
    {
        JsonObject tree = [];
        while (numbers.TryDequeue(out var number) && number % 5 != 0)
        {
            tree[$"k{Math.Abs(number % 3)}"] =
                number % 2 == 0 && depth > 0 ? Tree(numbers, depth - 1)
                : number % 7 == 0 ? new JsonArray(number)
                : number;
        }
        return tree;
    }
}
