using System.Text.Json.Nodes;
using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Engine.Installation.Values;

namespace Telepresence.UnitTests.Installation.Values;

public sealed class ManagerValuesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tp-values-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static ManagerValues Read(string yaml) => ManagerValues.Read(ValuesText.Parse(yaml));

    [Fact]
    public void Files_and_parameters_lie_over_each_other_in_their_order()
    {
        var first = Write("a.yaml", "logLevel: debug\nimage: {tag: one, pullPolicy: Never}\npodCIDRs: [10.1.0.0/16]");
        var second = Write("b.yaml", "image: {tag: two}\napiPort: 9000\npodCIDRs: null");
        var values = ValuesSources.Read(
            new InstallationParameters
            {
                ValuesFiles = [first, second],
                Set = ["apiPort=9001,client.routing.alsoProxySubnets={10.0.0.0/8}"],
                SetString = ["image.tag=0123"],
            },
            ValuesText.Parse("logLevel: trace\nprometheus: {port: 9090}")
        );
        Assert.Equal(
            ("debug", 9001, "ghcr.io/telepresenceio/tel2:0123", "Never", 9090, 0),
            (
                values.LogLevel,
                values.ApiPort,
                values.Image.ToString(),
                values.PullPolicy,
                values.PrometheusPort,
                values.PodCidrs.Count
            )
        );
        Assert.Equal("""["10.0.0.0/8"]""", values.Client["routing"]!["alsoProxySubnets"]!.ToJsonString());
        // Defaults are not kept: they may be others in the next release.
        Assert.DoesNotContain("grpc", values.Given.ToJsonString(), StringComparison.Ordinal);
        Assert.Empty(values.Warnings);
    }

    [Theory]
    [InlineData("registry.local/tools/manager:1.2", "registry.local/tools", "manager", "1.2")]
    [InlineData("localhost:5000/m:v1", "localhost:5000", "m", "v1")]
    [InlineData("manager", "", "manager", "latest")]
    [InlineData("r/m@sha256:abc", "r", "m@sha256:abc", "")]
    public void An_image_becomes_the_charts_three_values(string image, string registry, string name, string tag)
    {
        var values = ValuesSources.Read(new InstallationParameters { Image = image }, null);
        Assert.Equal(new ImageReference(registry, name, tag), values.Image);
        Assert.Equal(image + (image == "manager" ? ":latest" : ""), values.Image.ToString());
    }

    [Theory]
    [InlineData("apiPort: eighty", "apiPort must be a port, 0 to 65535, and is 'eighty'")]
    [InlineData("apiPort: 70000", "apiPort must be a port")]
    [InlineData("image: {tag: 2.25}", "image.tag must be text, and is 2.25")]
    [InlineData("hostNetwork: 'true'", "hostNetwork must be true or false, and is 'true'")]
    [InlineData("grpc: {maxReceiveSize: much}", "grpc.maxReceiveSize must be a quantity such as 4Mi")]
    [InlineData("timeouts: {agentArrival: soon}", "timeouts.agentArrival must be a duration")]
    [InlineData("logLevel: loud", "logLevel must be one of error, warning")]
    [InlineData("podCIDRStrategy: guess", "podCIDRStrategy must be one of auto")]
    [InlineData("podCIDRStrategy: environment", "podCIDRs must name the subnets")]
    [InlineData(
        "podCIDRs: [10.0.0.0/8, nowhere]",
        "podCIDRs must be a list of subnets such as 10.42.0.0/16, and is 'nowhere'"
    )]
    [InlineData("podCIDRs: 10.0.0.0/8", "podCIDRs must be a list of subnets")]
    [InlineData("namespaces: [Upper]", "namespaces must be a list of names of namespaces, and is 'Upper'")]
    [InlineData(
        "namespaces: [a]\nnamespaceSelector: {matchLabels: {x: y}}",
        "namespaces and namespaceSelector exclude"
    )]
    [InlineData("clientRbac: {create: true}", "clientRbac.subjects must name who")]
    [InlineData("clientRbac: {subjects: [{kind: Robot, name: r}]}", "clientRbac.subjects must be a list of subjects")]
    [InlineData("image: latest", "image must be a mapping")]
    [InlineData("client: [a]", "client must be a mapping")]
    [InlineData("client: {connectionTTL: long}", "client.connectionTTL must be a duration")]
    [InlineData("client: {routing: {alsoProxySubnets: [x]}}", "routing.alsoProxySubnets")]
    public void A_value_of_another_type_is_an_error_with_the_keys_path(string yaml, string message)
    {
        var error = Assert.Throws<InvalidValueException>(() => Read(yaml));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("apiPrt: 1", "apiPrt is not a known key; did you mean apiPort?")]
    [InlineData("image: {name: x, tagg: y}", "image.tagg is not a known key; did you mean image.tag?")]
    [InlineData("agent: {port: 9900}", "agent has no effect: it is for installations with helm (-UseHelm)")]
    [InlineData("agentInjector: {webhook: {port: 1}}", "agentInjector.webhook has no effect")]
    [InlineData("agentInjector: {enabled: true}", "agentInjector.enabled has no effect")]
    [InlineData("client: {dns: {exclude: [x]}}", "client: dns.exclude is not a known key")]
    public void A_key_that_means_nothing_is_a_warning_that_names_it(string yaml, string warning) =>
        Assert.Contains(Read(yaml).Warnings, text => text.Contains(warning, StringComparison.Ordinal));

    [Theory]
    [InlineData("{}", "", "NotIn kube-system kube-node-lease")]
    [InlineData("namespaces: [a, b]", "a b", "In a b")]
    [InlineData("namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: a}}", "a", "In a")]
    [InlineData(
        "namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: In, values: [a, b]}]}",
        "a b",
        "In a b"
    )]
    [InlineData("namespaceSelector: {matchLabels: {team: x}}", "", "NotIn kube-system kube-node-lease")]
    public void A_selector_by_name_binds_the_manager_to_its_namespaces(string yaml, string namespaces, string last)
    {
        var values = Read(yaml);
        var expression = ((JsonArray)values.NamespaceSelector["matchExpressions"]!)[^1]!;
        Assert.Equal(namespaces, string.Join(' ', values.Namespaces));
        Assert.Equal(last, $"{expression["operator"]} {string.Join(' ', (JsonArray)expression["values"]!)}");
    }

    [Fact]
    public void An_error_names_its_file()
    {
        var file = Write("bad.yaml", "a: [");
        var error = Assert.Throws<TelepresenceException>(() =>
            ValuesSources.Read(new InstallationParameters { ValuesFiles = [file] }, null)
        );
        Assert.True(error.Is(ErrorId.InvalidManagerValue));
        Assert.Contains(file, error.Message, StringComparison.Ordinal);
        Assert.Throws<TelepresenceException>(() =>
            ValuesSources.Read(new InstallationParameters { ValuesFiles = [file + ".none"] }, null)
        );
    }

    private string Write(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}
