namespace Telepresence.Engine.NetStack.Tcp;

/// <summary>What a handler's thread has to tell a connection's loop.</summary>
[Flags]
internal enum FlowSignals
{
    None = 0,
    Accept = 1,
    Refuse = 2,
    Unreachable = 4,
    DataQueued = 8,
    WindowOpened = 16,
    CompleteWrite = 32,
    Abort = 64,
}
