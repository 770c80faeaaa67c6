namespace Telepresence.E2ETests.Session;

/// <summary>Pages and echoes of the cluster, as programs of the workstation see them.</summary>
[Collection(OneAfterAnother.Name)]
public sealed class ReachTests(SessionFixture fixture) : IClassFixture<SessionFixture>
{
    [SkippableTheory]
    [InlineData("http://web.demo/")]
    [InlineData("http://web/")]
    [InlineData("http://web.demo.svc/")]
    [InlineData("http://web.demo.svc.cluster.local/")]
    [InlineData("http://alias.demo/")]
    [InlineData("http://web-headless.demo:8080/")]
    public async Task Curl_fetches_the_page_by_name(string url)
    {
        await fixture.StartAsync();
        foreach (var family in SandboxProcess.ServiceFamilies)
        {
            var page = fixture.Workstation.Curl(url, family == 0 ? "-4" : "-6");
            Assert.Contains(fixture.Sandbox.PageToken, page, StringComparison.Ordinal);
        }
    }

    [SkippableFact]
    public async Task Curl_fetches_the_page_by_address()
    {
        await fixture.StartAsync();
        var addresses = fixture.Sandbox.Addresses("demo/web");
        Assert.Equal(2, addresses.Count);
        foreach (var address in SandboxProcess.ServiceFamilies.Select(family => addresses[family]))
        {
            var host = address.Contains(':') ? $"[{address}]" : address;
            Assert.Contains(
                fixture.Sandbox.PageToken,
                fixture.Workstation.Curl($"http://{host}/", "-g"),
                StringComparison.Ordinal
            );
        }
    }
}
