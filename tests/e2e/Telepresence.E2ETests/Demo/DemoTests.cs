using Telepresence.Sandbox.Demo;

namespace Telepresence.E2ETests.Demo;

/// <summary>The demo holds, and notices when it should not.</summary>
[Collection(nameof(DemoTests))]
public sealed class DemoTests
{
    public static TheoryData<string> StepNames => [.. DemoSteps.Names];

    [SkippableFact]
    public async Task Every_step_holds()
    {
        Requires.All("root", "tun", "netns", "ip");
        var run = await DemoProcess.RunAsync("--json");

        var steps = run.Steps();
        Assert.All(steps, step => Assert.True(step.Ok, $"{step.Name}: {step.Detail}"));
        Assert.Equal(DemoSteps.Names, steps.Select(step => step.Name));
        Assert.Equal(0, run.ExitCode);
    }

    [SkippableTheory]
    [MemberData(nameof(StepNames))]
    public async Task A_sabotaged_step_fails_and_no_other(string name)
    {
        Requires.All("root", "tun", "netns", "ip");
        var run = await DemoProcess.RunAsync("--json", "--break", name);

        var steps = run.Steps();
        Assert.Equal([name], steps.Where(step => !step.Ok).Select(step => step.Name));
        Assert.Equal(name, steps[^1].Name);
        Assert.Equal(DemoCommand.StepFailed, run.ExitCode);
    }

    [SkippableFact]
    public async Task The_same_holds_through_the_module()
    {
        Requires.All("root", "tun", "netns", "ip", "pwsh");
        var run = await DemoProcess.RunAsync("--json", "--pwsh");

        Assert.All(run.Steps(), step => Assert.True(step.Ok, $"{step.Name}: {step.Detail}"));
        Assert.Equal(0, run.ExitCode);
    }

    [SkippableFact]
    public async Task Text_stays_within_100_columns_and_shows_the_witnesses()
    {
        Requires.All("root", "tun", "netns", "ip", "curl");
        var run = await DemoProcess.RunAsync();

        Assert.Equal(0, run.ExitCode);
        var lines = run.Output.Split('\n');
        Assert.All(lines, line => Assert.True(line.Length <= 100, line));
        Assert.Contains(lines, line => line.Contains("$ curl", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("exit 0", StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task Killed_it_leaves_no_process_behind()
    {
        Requires.All("root", "tun", "netns", "ip");
        using var demo = DemoProcess.Start();
        // The heading is written once the scene stands.
        await demo.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromMinutes(1));
        var family = ProcessFamily.Of(demo.Id);
        Assert.NotEmpty(family);

        demo.Kill();

        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        foreach (var process in family)
        {
            await process.WaitForExitAsync(deadline.Token);
            process.Dispose();
        }
    }

    [SkippableFact]
    public async Task An_ordinary_user_is_told_which_permission_is_missing()
    {
        Requires.All("root", "netns", "ip", "setpriv");
        var run = await DemoProcess.RunAsOrdinaryUserAsync("chmod 600 /mnt/tun", "--json");

        var step = Assert.Single(run.Steps());
        Assert.False(step.Ok);
        Assert.StartsWith("PermissionMissing: ", step.Detail, StringComparison.Ordinal);
        Assert.Contains("/dev/net/tun", step.Detail, StringComparison.Ordinal);
        Assert.Equal(DemoCommand.CannotRun, run.ExitCode);
    }

    [SkippableFact]
    public async Task An_ordinary_user_needs_no_root_where_tun_is_open()
    {
        Requires.All("root", "tun", "netns", "ip", "setpriv");
        var run = await DemoProcess.RunAsOrdinaryUserAsync("chmod 666 /mnt/tun", "--json");

        Assert.All(run.Steps(), step => Assert.True(step.Ok, $"{step.Name}: {step.Detail}"));
        Assert.Equal(0, run.ExitCode);
    }

    [SkippableFact]
    public async Task An_ordinary_user_may_use_sudo()
    {
        Requires.All("root", "tun", "netns", "ip", "setpriv", "sudo");
        var run = await DemoProcess.RunAsOrdinaryUserAsync(
            "chmod 600 /mnt/tun; mount -t tmpfs -o mode=0755 none /etc/sudoers.d; "
                + "echo 'ALL ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/demo; chmod 440 /etc/sudoers.d/demo",
            "--json"
        );

        Assert.All(run.Steps(), step => Assert.True(step.Ok, $"{step.Name}: {step.Detail}"));
        Assert.Equal(0, run.ExitCode);
    }

    [Fact]
    public async Task The_steps_can_be_listed()
    {
        var run = await DemoProcess.RunAsync("--list");

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(DemoSteps.Names, run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task An_unknown_step_is_an_error_and_not_a_run()
    {
        var run = await DemoProcess.RunAsync("--json", "--break", "no-such-step");

        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains("no-such-step", run.Error, StringComparison.Ordinal);
    }
}
