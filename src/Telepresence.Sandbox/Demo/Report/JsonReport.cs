using System.Text.Json;

namespace Telepresence.Sandbox.Demo.Report;

/// <summary>One JSON array on standard output; what went wrong before the first step is an element of it too.</summary>
internal sealed class JsonReport(TextWriter output) : IDemoReport
{
    private static readonly JsonSerializerOptions _json = new(JsonSerializerDefaults.Web)
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly List<StepResult> _results = [];

    /// <inheritdoc/>
    public void Open(DemoOptions options) { }

    /// <inheritdoc/>
    public void Begin(IDemoStep step) { }

    /// <inheritdoc/>
    public void End(IDemoStep step, StepResult result, IReadOnlyList<Evidence> evidence) => _results.Add(result);

    /// <inheritdoc/>
    public void Fail(DemoException error)
    {
        _results.Add(new StepResult("setup", false, 0, $"{error.Id}: {error.Message} {error.NextStep}"));
        Close(TimeSpan.Zero);
    }

    /// <inheritdoc/>
    public void Close(TimeSpan elapsed) => output.WriteLine(JsonSerializer.Serialize(_results, _json));
}
