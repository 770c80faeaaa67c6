using System.Text.Json.Nodes;
using Telepresence.Engine.Installation;

namespace Telepresence.UnitTests.Installation;

public class RolloutStateTests
{
    [Theory]
    [InlineData(2, 2, 1, 1, 1, true)]
    [InlineData(3, 2, 1, 1, 1, false)]
    [InlineData(2, 2, 0, 1, 1, false)]
    [InlineData(2, 2, 1, 0, 1, false)]
    [InlineData(2, 2, 1, 1, 2, false)]
    public void Is_available_when_the_newest_generation_alone_runs(
        int generation,
        int observed,
        int updated,
        int available,
        int replicas,
        bool expected
    )
    {
        var deployment = JsonNode.Parse(
            $$"""
            {"metadata":{"generation":{{generation}}},"spec":{"replicas":1},
             "status":{"observedGeneration":{{observed}},"updatedReplicas":{{updated}},"availableReplicas":{{available}},"replicas":{{replicas}} } }
            """
        )!;
        Assert.Equal(expected, RolloutState.IsAvailable(deployment.AsObject()));
        Assert.False(RolloutState.IsAvailable([]));
    }

    [Theory]
    [InlineData(
        """{"conditions":[{"type":"PodScheduled","status":"False","message":"0/3 nodes are available"}]}""",
        "pod p has no node: 0/3 nodes are available"
    )]
    [InlineData(
        """{"containerStatuses":[{"image":"r/m:1","state":{"waiting":{"reason":"ImagePullBackOff","message":"no such image"}}}]}""",
        "pod p waits: ImagePullBackOff (no such image)"
    )]
    [InlineData(
        """{"containerStatuses":[{"image":"r/m:1","state":{"waiting":{"reason":"ContainerCreating"}}}]}""",
        "pod p waits: ContainerCreating, image r/m:1"
    )]
    [InlineData(
        """{"containerStatuses":[{"state":{"waiting":{"reason":"CrashLoopBackOff","message":"back-off"}},"lastState":{"terminated":{"exitCode":2,"reason":"Error"}}}]}""",
        "pod p waits: CrashLoopBackOff (back-off), exit code 2 (Error)"
    )]
    [InlineData(
        """{"containerStatuses":[{"state":{"terminated":{"exitCode":137,"reason":"OOMKilled"}}}]}""",
        "the process of pod p ended, exit code 137 (OOMKilled)"
    )]
    [InlineData(
        """{"phase":"Running","containerStatuses":[{"state":{"running":{}}}]}""",
        "pod p is Running and not ready"
    )]
    [InlineData("""{}""", "pod p is new and not ready")]
    public void Says_why_not(string status, string reason)
    {
        var pod = new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = "p", ["creationTimestamp"] = "2026-01-02T00:00:00Z" },
            ["status"] = JsonNode.Parse(status),
        };
        var older = (JsonObject)
            JsonNode.Parse("""{"metadata":{"name":"old","creationTimestamp":"2026-01-01T00:00:00Z"}}""")!;
        var leaving = (JsonObject)
            JsonNode.Parse(
                """{"metadata":{"name":"gone","creationTimestamp":"2026-01-03T00:00:00Z","deletionTimestamp":"2026-01-03T00:00:01Z"}}"""
            )!;
        Assert.Equal(reason, RolloutState.Reason([], [older, pod, leaving]));
    }

    [Fact]
    public void Says_why_there_is_no_pod()
    {
        var refused = (JsonObject)
            JsonNode.Parse(
                """{"status":{"conditions":[{"type":"ReplicaFailure","status":"True","message":"exceeded quota"}]}}"""
            )!;
        Assert.Equal("its pod cannot be made: exceeded quota", RolloutState.Reason(refused, []));
        Assert.Equal("its pod has not been made yet", RolloutState.Reason([], []));
    }
}
