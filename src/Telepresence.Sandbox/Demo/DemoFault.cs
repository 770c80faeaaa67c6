using Telepresence.Client.Errors;

namespace Telepresence.Sandbox.Demo;

/// <summary>Puts an exception into one line.</summary>
internal static class DemoFault
{
    public static string Describe(Exception exception)
    {
        return exception switch
        {
            VerdictException e => e.Message,
            SandboxException e => $"{e.Id}: {e.Message}",
            DemoException e => $"{e.Id}: {e.Message}",
            TelepresenceException e => $"{e.Id}: {e.Message}",
            _ => $"{exception.GetType().Name}: {exception.Message}",
        };
    }
}
