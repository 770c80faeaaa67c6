using System.Management.Automation;
using Telepresence.Client;
using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Sessions;

namespace Telepresence.PowerShell;

/// <summary>
/// A cmdlet whose work is asynchronous. The work runs on the thread pool; what it writes is brought to the pipeline's
/// thread, the only one that may write. Ctrl+C cancels the work and waits until it has undone what it began.
/// </summary>
public abstract class TelepresenceCmdlet : PSCmdlet, IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private PipelinePump? _pump;
    private EngineClient? _engine;
    private string _waitingFor = "the engine";

    private protected static EngineAccess Engines => ModuleEngines.Access;

    /// <summary>How long <see cref="Run"/> may take; null: as long as it takes.</summary>
    private protected virtual double? Limit => null;

    /// <summary>Runs the work to its end; errors become error records.</summary>
    /// <param name="work">Given a token that ends with Ctrl+C and with the time-out.</param>
    /// <param name="target">What an error is about when it does not say so itself.</param>
    /// <param name="terminating">True where an error leaves nothing to return.</param>
    private protected void Run(Func<CancellationToken, Task> work, object? target = null, bool terminating = false)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        if (Limit is { } seconds)
        {
            limited.CancelAfter(TimeSpan.FromSeconds(seconds));
        }
        using var pump = new PipelinePump();
        _pump = pump;
        Exception? fault;
        try
        {
            fault = pump.Run(() => work(limited.Token), limited);
        }
        finally
        {
            _pump = null;
        }
        if (fault is null || _stop.IsCancellationRequested)
        {
            return;
        }
        var record = ErrorRecords.From(
            fault is OperationCanceledException && limited.IsCancellationRequested ? TimedOut(fault) : fault,
            target
        );
        if (terminating)
        {
            ThrowTerminatingError(record);
        }
        WriteError(record);
    }

    private TelepresenceException TimedOut(Exception cause) =>
        ErrorCatalogue.Error(
            ErrorId.Timeout,
            null,
            cause,
            ("seconds", Limit),
            ("waiting", _waitingFor),
            ("command", MyInvocation.MyCommand.Name)
        );

    /// <summary>A selection as the engine needs it: the kubeconfig's whole path, and this shell's directory and environment.</summary>
    private protected ClusterSelection Complete(ClusterSelection selection) =>
        UserContext.Complete(
            selection with
            {
                Kubeconfig = selection.Kubeconfig is { } path ? GetUnresolvedProviderPathFromPSPath(path) : null,
            },
            SessionState.Path.CurrentFileSystemLocation.ProviderPath,
            UserContext.ProcessEnvironment()
        );

    /// <summary>The network engine that runs, or null.</summary>
    private protected async Task<EngineClient?> TryGetNetworkEngineAsync(CancellationToken cancellationToken) =>
        _engine ??= await Engines.TryGetNetworkAsync(cancellationToken).ConfigureAwait(false);

    /// <summary>The network engine, started when there is none.</summary>
    private protected async Task<EngineClient> GetNetworkEngineAsync(CancellationToken cancellationToken) =>
        _engine ??= await Engines.GetNetworkAsync(new Steps(this), cancellationToken).ConfigureAwait(false);

    /// <summary>An engine for questions that need no privilege.</summary>
    private protected async Task<EngineClient> GetAnyEngineAsync(CancellationToken cancellationToken) =>
        _engine ??= await Engines.GetAnyAsync(cancellationToken).ConfigureAwait(false);

    /// <summary>The engine that runs as the user, for changes to files of the user's.</summary>
    private protected async Task<EngineClient> GetUserEngineAsync(CancellationToken cancellationToken) =>
        _engine ??= await Engines.GetUserAsync(cancellationToken).ConfigureAwait(false);

    /// <summary>Writes objects from the work; waits while the pipeline is busy.</summary>
    private protected void Emit(IEnumerable<object> objects)
    {
        foreach (var item in objects)
        {
            Post(() => WriteObject(TypeNames.Tag(item)));
        }
    }

    /// <summary>Writes one object from the work.</summary>
    private protected void Emit(object item) => Emit([item]);

    /// <summary>Writes an error from the work, which goes on.</summary>
    private protected void EmitError(Exception fault, object? target) =>
        Post(() => WriteError(ErrorRecords.From(fault, target)));

    /// <summary>Writes a warning from the work.</summary>
    private protected void Warn(string text) => Post(() => WriteWarning(text));

    /// <summary>Tells a step of the work with -Verbose.</summary>
    private protected void Tell(string text) => Post(() => WriteVerbose(text));

    /// <summary>Shows a step of the work.</summary>
    private protected void Show(ProgressRecord progress)
    {
        _waitingFor = progress.StatusDescription;
        Post(() => WriteProgress(progress));
    }

    private void Post(Action action) => (_pump ?? throw new InvalidOperationException("no work runs")).Post(action);

    /// <inheritdoc/>
    protected override void StopProcessing() => _stop.Cancel();

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Closes the connection to the engine.</summary>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            _engine?.DisposeAsync().AsTask().GetAwaiter().GetResult();
            _engine = null;
            _stop.Dispose();
        }
    }

    /// <summary>Steps of starting an engine. (Progress would report them later, on another thread.)</summary>
    private sealed class Steps(TelepresenceCmdlet cmdlet) : IProgress<string>
    {
        public void Report(string value) => cmdlet.Show(new ProgressRecord(0, "Starting the engine", value));
    }
}
