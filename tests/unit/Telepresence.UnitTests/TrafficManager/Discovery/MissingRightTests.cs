using Telepresence.TrafficManager.Discovery;

namespace Telepresence.UnitTests.TrafficManager.Discovery;

public sealed class MissingRightTests
{
    [Theory]
    [InlineData("api/v1/nodes", "", "nodes")]
    [InlineData("api/v1/namespaces", "", "namespaces")]
    [InlineData("api/v1/namespaces/shop", "", "namespaces")]
    [InlineData("api/v1/namespaces/shop/pods", "", "pods")]
    [InlineData("apis/apps/v1/deployments", "apps", "deployments")]
    [InlineData("apis/argoproj.io/v1alpha1/namespaces/shop/rollouts", "argoproj.io", "rollouts")]
    public void The_rule_names_group_and_resource(string path, string group, string resource) =>
        Assert.Equal(
            $"{{apiGroups: [\"{group}\"], resources: [{resource}], verbs: [get, list]}}",
            MissingRight.Rule(path, "get, list")
        );
}
