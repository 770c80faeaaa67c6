using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Telepresence.Engine.Installation.Values;
using Telepresence.Kubernetes;

namespace Telepresence.UnitTests.Kubernetes;

public class BlockYamlTests
{
    [Theory]
    [InlineData("true")]
    [InlineData("no")]
    [InlineData("null")]
    [InlineData("1")]
    [InlineData("1.5e3")]
    [InlineData("0x1f")]
    [InlineData("2026-01-02")]
    [InlineData("12:30:00")]
    [InlineData(" padded ")]
    [InlineData("# no comment")]
    [InlineData("key: value")]
    [InlineData("*anchor")]
    [InlineData("two\nlines\n")]
    [InlineData("line\n\n  indented\n")]
    [InlineData("")]
    public void A_text_stays_a_text(string text) =>
        Assert.Equal(text, (string?)Read(new JsonObject { ["a"] = text })["a"]);

    [Fact]
    public void Needs_no_quotes_where_none_are_needed() =>
        Assert.Equal(
            "image: ghcr.io/telepresenceio/tel2:2.25.0\nports:\n- 8081\nready: true\nnone: null\nempty: {}\n",
            BlockYaml.Write(
                new JsonObject
                {
                    ["image"] = "ghcr.io/telepresenceio/tel2:2.25.0",
                    ["ports"] = new JsonArray(8081),
                    ["ready"] = true,
                    ["none"] = null,
                    ["empty"] = new JsonObject(),
                }
            )
        );

    [Fact]
    public void Every_text_is_read_as_it_was_written() =>
        Prop.ForAll(
                ArbMap.Default.ArbFor<NonNull<string>>(),
                text =>
                {
                    // What YAML has no way to write down at all, Kubernetes has neither.
                    var printable = string.Concat(
                        text.Get.Where(c => c is '\n' or (>= ' ' and < '\x7f') or (>= '\xa0' and < '\xd800'))
                    );
                    return (string?)Read(new JsonObject { ["a"] = printable })["a"] == printable;
                }
            )
            .QuickCheckThrowOnFailure();

    private static JsonObject Read(JsonObject value) => ValuesText.Parse(BlockYaml.Write(value));
}
