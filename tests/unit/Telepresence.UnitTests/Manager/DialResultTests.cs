using Telepresence.Engine.Manager;
using Telepresence.Protocol.Tunnel;

namespace Telepresence.UnitTests.Manager;

public class DialResultTests
{
    [Theory]
    [InlineData(0, 0.01, (int)DialOutcome.Refused)]
    [InlineData(0, 2.3, (int)DialOutcome.Refused)]
    [InlineData(0, 2.9, (int)DialOutcome.Unreachable)]
    [InlineData(0, 3.1, (int)DialOutcome.Unreachable)]
    [InlineData(DialErrno.ConnectionRefused, 2.9, (int)DialOutcome.Refused)]
    [InlineData(DialErrno.TimedOut, 0.01, (int)DialOutcome.Unreachable)]
    [InlineData(DialErrno.HostUnreachable, 0.01, (int)DialOutcome.Unreachable)]
    [InlineData(DialErrno.Other, 0.01, (int)DialOutcome.Refused)]
    public void Errno_decides_and_without_it_time_does(byte errno, double seconds, int expected) =>
        Assert.Equal(
            (DialOutcome)expected,
            DialResult.Rejected(errno, TimeSpan.FromSeconds(seconds), TimeSpan.FromSeconds(3)).Outcome
        );
}
