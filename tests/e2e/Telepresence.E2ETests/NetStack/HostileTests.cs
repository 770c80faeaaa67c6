using System.Runtime.Versioning;

namespace Telepresence.E2ETests.NetStack;

/// <summary>What scapy's packets make of the stack. One run of the script; each check is a test.</summary>
[SupportedOSPlatform("linux")]
public sealed class HostileTests(HostileTests.Run run) : IClassFixture<HostileTests.Run>
{
    public static TheoryData<string> Checks =>
        [
            "bad_checksums",
            "bad_lengths",
            "bad_options",
            "repeated_options",
            "strange_flags",
            "bad_addresses",
            "blind_reset",
            "blind_syn",
            "blind_data",
            "challenges_are_limited",
            "old_and_far_segments",
            "syn_sent_again",
            "reset_in_syn_received",
            "reset_in_fin_wait_1",
            "reset_in_fin_wait_2",
            "reset_in_closing",
            "reset_in_time_wait",
            "reset_in_close_wait",
            "reset_in_last_ack",
            "time_wait_is_reused",
            "fragments_in_any_order",
            "fragments_twice",
            "overlapping_fragments",
            "ping_of_death",
            "fragment_flood",
            "extension_headers",
            "fragments_of_ipv6",
            "refused_extension_headers",
            "unknown_protocol",
            "forged_icmp",
        ];

    [SkippableTheory]
    [MemberData(nameof(Checks))]
    public void The_stack_stands(string check)
    {
        var results = run.Results();

        Assert.Equal("ok", results.GetValueOrDefault(check, "was not run"));
    }

    [SkippableFact]
    public void Afterwards_nothing_is_left_and_the_kernel_is_served()
    {
        run.Results();

        Assert.Equal("works", run.Echo());
        // A flow's last block goes back a moment after the flow.
        Assert.True(
            SpinWait.SpinUntil(() => run.OpenFlows == 0 && run.Buffered == 0, TimeSpan.FromSeconds(60)),
            $"{run.OpenFlows} flows and {run.Buffered} bytes are left"
        );
    }

    /// <summary>The stack, and what the script found out about it.</summary>
    public sealed class Run : IDisposable
    {
        private StackScene? _scene;
        private Dictionary<string, string>? _results;

        /// <summary>Flows that are not merely waiting to be forgotten.</summary>
        internal int OpenFlows => _scene!.Stack.Snapshot().Tcp.Count(flow => flow.Statistics.State != "TimeWait");

        internal long Buffered => _scene!.Stack.Loops.Sum(loop => loop.Buffered);

        public void Dispose() => _scene?.Dispose();

        internal Dictionary<string, string> Results()
        {
            Requires.All("root", "tun", "netns", "python3", "scapy");
            if (_results is null)
            {
                _scene = new StackScene();
                var output = _scene
                    .Net.Program(HostileScript.Python, "-c", HostileScript.Text, _scene.Device.Name)
                    .Require();
                _results = output
                    .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                    .Select(line => line.Split(' ', 2))
                    .ToDictionary(parts => parts[0], parts => parts[1]);
            }

            return _results;
        }

        internal string Echo() =>
            _scene!.Python(
                "10.100.0.5",
                """
                s = connect(7)
                s.sendall(b'works')
                print(s.recv(10).decode())
                s.close()
                """
            );
    }
}
