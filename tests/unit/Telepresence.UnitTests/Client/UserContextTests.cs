using Telepresence.Client.Contract;
using Telepresence.Client.Sessions;

namespace Telepresence.UnitTests.Client;

public class UserContextTests
{
    private static string? Kubeconfig(string? given, params (string, string)[] environment) =>
        UserContext
            .Complete(
                new ClusterSelection { Kubeconfig = given },
                "/work/dir",
                environment.ToDictionary(e => e.Item1, e => e.Item2)
            )
            .Kubeconfig;

    [Fact]
    public void What_was_given_wins_and_starts_at_the_shells_directory() =>
        Assert.Equal("/work/dir/here", Kubeconfig("here", ("KUBECONFIG", "/a"), ("HOME", "/home/u")));

    [Fact]
    public void The_variable_may_list_several() =>
        Assert.Equal("/a:/work/dir/b", Kubeconfig(null, ("KUBECONFIG", "/a::b"), ("HOME", "/home/u")));

    [Fact]
    public void Else_it_is_in_the_home_directory() =>
        Assert.Equal("/home/u/.kube/config", Kubeconfig(null, ("KUBECONFIG", " "), ("HOME", "/home/u")));
}
