using Telepresence.Client.Errors;
using Telepresence.Client.Objects;

namespace Telepresence.Client.Engagements;

/// <summary>One value of <c>-ToPod</c>: <c>port[/proto]</c> or <c>local:port[/proto]</c> (PROTOCOL §6.3).</summary>
/// <param name="Local">Port on this machine's loopback.</param>
/// <param name="Remote">Port of the pod.</param>
/// <param name="Protocol">TCP where none is written.</param>
public sealed record PodPort(int Local, int Remote, TransportProtocol Protocol)
{
    /// <exception cref="TelepresenceException">InvalidEngagementPort.</exception>
    public static PodPort Parse(string text)
    {
        var (rest, protocol) = PortText.SplitProtocol(text, "ToPod");
        var numbers = rest.Split(':');
        if (numbers.Length > 2 || !Array.TrueForAll(numbers, PortText.IsNumber))
        {
            throw PortText.Invalid(text, "ToPod", "it is not PORT or LOCAL:PORT, in numbers");
        }
        return new PodPort(
            PortText.Number(numbers[0], text, "ToPod"),
            PortText.Number(numbers[^1], text, "ToPod"),
            protocol ?? TransportProtocol.Tcp
        );
    }

    /// <summary>As it is written.</summary>
    public override string ToString() => $"{Local}:{Remote}/{Protocol.ToString().ToUpperInvariant()}";
}
