using Google.Protobuf.WellKnownTypes;
using Telepresence.Protocol.Manager;
using Telepresence.TrafficManager.Grpc;
using static Telepresence.Protocol.Manager.ManagerMethods;

namespace Telepresence.TrafficManager.Services;

/// <summary>How clients change the log level of manager and agents.</summary>
internal sealed class LogLevelService(LogLevels levels)
{
    public void AddTo(MethodTable methods)
    {
        methods.Unary(SetLogLevel, (request, _) => new(Set(request)));
        methods.ServerStreaming(WatchLogLevel, (_, ct) => levels.WatchAsync(ct));
    }

    private Empty Set(LogLevelRequest request)
    {
        levels.Set(request.LogLevel, request.Duration?.ToTimeSpan() ?? TimeSpan.Zero);
        return new Empty();
    }
}
