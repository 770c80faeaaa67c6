using System.Management.Automation;
using Telepresence.Client.Errors;
using Telepresence.Client.Objects;
using Telepresence.PowerShell.Completers;

namespace Telepresence.PowerShell.Engagements;

/// <summary>Runs a script block or a program with the environment of an engagement's container.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "TelepresenceCommand", DefaultParameterSetName = ScriptSet)]
[OutputType(typeof(object))]
public sealed class InvokeTelepresenceCommandCommand : TelepresenceCmdlet
{
    private const string ScriptSet = "ScriptBlock";
    private const string CommandSet = "Command";

    /// <summary>The engagement, or its name.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [ArgumentCompleter(typeof(EngagementCompleter))]
    [ValidateNotNullOrEmpty]
    public string Engagement { get; set; } = "";

    /// <summary>What runs in this shell.</summary>
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = ScriptSet)]
    public ScriptBlock? ScriptBlock { get; set; }

    /// <summary>The program or command that runs.</summary>
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = CommandSet)]
    [ValidateNotNullOrEmpty]
    public string? Command { get; set; }

    /// <summary>What it is given.</summary>
    [Parameter(Position = 2, ValueFromRemainingArguments = true)]
    [AllowNull]
    [AllowEmptyString]
    public object?[] ArgumentList { get; set; } = [];

    /// <summary>Name of the session; without it the one that has the engagement.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(SessionCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Session { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        TelepresenceEngagement? engagement = null;
        Run(async cancellationToken => engagement = await FindAsync(cancellationToken), Engagement, terminating: true);
        if (engagement is null)
        {
            return;
        }
        // The environment is the process's, so that programs it starts have it too.
        var before = engagement.Environment.Keys.ToDictionary(name => name, Environment.GetEnvironmentVariable);
        try
        {
            Set(engagement.Environment!);
            RunCommand();
        }
        finally
        {
            Set(before);
        }
    }

    private async Task<TelepresenceEngagement> FindAsync(CancellationToken cancellationToken)
    {
        var engine = await TryGetNetworkEngineAsync(cancellationToken);
        var all = engine is null ? [] : await engine.EngagementsAsync(Session, cancellationToken);
        return Array.Find(all, e => string.Equals(e.Name, Engagement, StringComparison.OrdinalIgnoreCase))
            ?? throw ErrorCatalogue.Error(ErrorId.EngagementNotFound, Engagement, ("name", Engagement));
    }

    /// <summary>Streams what the command writes, and lets the shell start programs as it does for a user.</summary>
    private void RunCommand()
    {
        var call = ScriptBlock.Create("param($command, $arguments) & $command @arguments");
        using var pipeline = call.GetSteppablePipeline(
            CommandOrigin.Internal,
            [(object?)ScriptBlock ?? Command, ArgumentList]
        );
        pipeline.Begin(this);
        pipeline.Process();
        pipeline.End();
    }

    private static void Set(IEnumerable<KeyValuePair<string, string?>> environment)
    {
        foreach (var (name, value) in environment)
        {
            Environment.SetEnvironmentVariable(name, value);
        }
    }
}
