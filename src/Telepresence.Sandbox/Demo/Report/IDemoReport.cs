namespace Telepresence.Sandbox.Demo.Report;

/// <summary>Tells the user what happens.</summary>
internal interface IDemoReport
{
    /// <summary>Before the first step.</summary>
    void Open(DemoOptions options);

    /// <summary>A step begins.</summary>
    void Begin(IDemoStep step);

    /// <summary>A step ended.</summary>
    void End(IDemoStep step, StepResult result, IReadOnlyList<Evidence> evidence);

    /// <summary>The demo cannot go on; nothing else is told.</summary>
    void Fail(DemoException error);

    /// <summary>After the last step.</summary>
    void Close(TimeSpan elapsed);
}
