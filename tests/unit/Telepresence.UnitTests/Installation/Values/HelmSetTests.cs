using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Telepresence.Engine.Installation.Values;

namespace Telepresence.UnitTests.Installation.Values;

public class HelmSetTests
{
    [Theory]
    [InlineData("a=b", """{"a":"b"}""")]
    [InlineData("a.b.c=d,a.b.e=f", """{"a":{"b":{"c":"d","e":"f"}}}""")]
    [InlineData("a=1,b=-7,c=true,d=False,e=null,f=", """{"a":1,"b":-7,"c":true,"d":false,"e":null,"f":""}""")]
    [InlineData("a=007,b=0,c=1.5,d=1e3", """{"a":"007","b":0,"c":"1.5","d":"1e3"}""")]
    [InlineData("a={b,1,c d},e=f", """{"a":["b",1,"c d"],"e":"f"}""")]
    [InlineData("a={},b={x}", """{"a":[],"b":["x"]}""")]
    [InlineData("a[0]=b,a[2].c=d", """{"a":["b",null,{"c":"d"}]}""")]
    [InlineData("a[0][1]=b", """{"a":[[null,"b"]]}""")]
    [InlineData(@"a\.b=c\,d,e\=f={g\,h,i\}}", """{"a.b":"c,d","e=f":["g,h","i}"]}""")]
    [InlineData("a=b=c", """{"a":"b=c"}""")]
    [InlineData("a=1,a=2", """{"a":2}""")]
    [InlineData("nodeSelector.kubernetes\\.io/os=linux", """{"nodeSelector":{"kubernetes.io/os":"linux"}}""")]
    public void Reads_what_helm_reads(string text, string expected)
    {
        JsonObject values = [];
        HelmSet.Apply(text, values);
        Assert.Equal(expected, values.ToJsonString());
    }

    [Fact]
    public void Set_string_makes_nothing_but_text()
    {
        JsonObject values = [];
        HelmSet.Apply("a=1,b=true,c={2,null}", values, asText: true);
        Assert.Equal("""{"a":"1","b":"true","c":["2","null"]}""", values.ToJsonString());
    }

    [Fact]
    public void Goes_into_what_is_there()
    {
        var values = (JsonObject)JsonNode.Parse("""{"a":{"b":1,"c":[{"d":2}]}}""")!;
        HelmSet.Apply("a.e=3,a.c[0].f=4,a.c[1]=5", values);
        Assert.Equal("""{"a":{"b":1,"c":[{"d":2,"f":4},5],"e":3}}""", values.ToJsonString());
    }

    [Theory]
    [InlineData("a", "a has no value")]
    [InlineData("a,b=1", "a has no value")]
    [InlineData("=1", "empty key")]
    [InlineData("a..b=1", "empty key")]
    [InlineData("a={b", "without its closing brace")]
    [InlineData("a={b}c", "behind a list's brace")]
    [InlineData("a[x]=1", "a[x] has no index")]
    [InlineData("a[-1]=1", "has no index")]
    [InlineData("a[99999999]=1", "has no index")]
    [InlineData("a=1,a.b=2", "a is a value already")]
    [InlineData("a=1,a[0]=2", "a is a value already")]
    public void Names_the_key_that_is_wrong(string text, string message)
    {
        var error = Assert.Throws<InvalidValueException>(() => HelmSet.Apply(text, []));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void No_text_does_worse_than_an_error_about_it() =>
        Prop.ForAll(
                ArbMap.Default.ArbFor<int[]>().Generator.Select(Garbled).ToArbitrary(),
                text =>
                {
                    try
                    {
                        HelmSet.Apply(text, []);
                    }
                    catch (InvalidValueException)
                    {
                        return true;
                    }
                    return true;
                }
            )
            .QuickCheckThrowOnFailure();

    [Fact]
    public void Every_text_can_be_set_when_it_is_escaped() =>
        Prop.ForAll(
                ArbMap.Default.ArbFor<NonNull<string>>(),
                text =>
                {
                    JsonObject values = [];
                    HelmSet.Apply($"a={Escaped(text.Get)}", values, asText: true);
                    return (string?)values["a"] == text.Get;
                }
            )
            .QuickCheckThrowOnFailure();

    private static string Garbled(int[] numbers) =>
        string.Concat(numbers.Select(number => @"ab.=,[]{}\01"[Math.Abs(number % 12)]));

    private static string Escaped(string text) => string.Concat(text.Select(c => $@"\{c}"));
}
