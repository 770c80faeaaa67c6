using System.Globalization;

namespace Telepresence.E2ETests.Session;

/// <summary>How a connect(2) ended.</summary>
/// <param name="Error">Name of the errno, or OK.</param>
internal sealed record Refusal(string Error, TimeSpan After)
{
    /// <summary>What the manager gets to dial, by default.</summary>
    private static readonly TimeSpan _dialTimeout = TimeSpan.FromSeconds(3);

    /// <param name="output">Of <see cref="PythonScripts.Connect"/>.</param>
    public static Refusal Read(string output)
    {
        var words = output.Split(' ');
        return new Refusal(words[0], TimeSpan.FromMilliseconds(double.Parse(words[^1], CultureInfo.InvariantCulture)));
    }

    /// <summary>At once is: without waiting for the dial time-out.</summary>
    public void AssertRefusedBeforeTimeout()
    {
        Assert.Equal("ECONNREFUSED", Error);
        Assert.True(After < _dialTimeout, $"it took {After}");
    }

    /// <summary>After the dial time-out, and long before the kernel's own of two minutes.</summary>
    public void AssertTimedOut()
    {
        Assert.Equal("EHOSTUNREACH", Error);
        Assert.True(After >= _dialTimeout * 0.9, $"it took {After}");
    }
}
