namespace Telepresence.E2ETests.Session;

/// <summary>
/// Tests of whole sessions run one class after the other: each has several processes that want the machine's cores.
/// </summary>
public static class OneAfterAnother
{
    public const string Name = "Session";
}
