using Telepresence.Kubernetes;

namespace Telepresence.UnitTests.Kubernetes;

public class AccessRuleTests
{
    [Theory]
    [InlineData(
        "pods is forbidden: User \"dev\" cannot list resource \"pods\" in API group \"\" in the namespace \"demo\"",
        "demo",
        "{apiGroups: [\"\"], resources: [pods], verbs: [list]}"
    )]
    [InlineData(
        "deployments.apps is forbidden: User \"dev\" cannot watch resource \"deployments\" in API group \"apps\" at the cluster scope",
        null,
        "{apiGroups: [\"apps\"], resources: [deployments], verbs: [watch]}"
    )]
    [InlineData(
        "pods \"web\" is forbidden: User \"dev\" cannot create resource \"pods/portforward\" in API group \"\" in the namespace \"demo\"",
        "demo",
        "{apiGroups: [\"\"], resources: [pods/portforward], verbs: [create]}"
    )]
    public void A_refusal_tells_the_rule_that_is_missing(string message, string? ns, string rule)
    {
        var found = AccessRule.OfRefusal(message);
        Assert.Equal(ns, found!.Namespace);
        Assert.Equal(rule, found.ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("pods \"web\" is forbidden: exceeded quota: compute")]
    [InlineData("clusterroles is forbidden: user \"dev\" is attempting to grant RBAC permissions not currently held")]
    public void Another_refusal_tells_none(string? message) => Assert.Null(AccessRule.OfRefusal(message));
}
