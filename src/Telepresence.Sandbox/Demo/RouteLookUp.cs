using System.Net;
using System.Text.Json;

namespace Telepresence.Sandbox.Demo;

/// <summary>The kernel's own answer to "which way would this packet go".</summary>
/// <param name="Device">Interface; empty when there is no way.</param>
/// <param name="Gateway">Next hop; empty when on-link.</param>
internal sealed record RouteLookUp(string Device, string Gateway)
{
    /// <summary>Asks <c>ip -j route get</c>.</summary>
    public static async Task<(RouteLookUp Route, Observation Seen)> AskAsync(
        IPAddress address,
        CancellationToken cancellationToken
    )
    {
        var seen = await ForeignProgram
            .RunAsync("ip", ["-j", "route", "get", address.ToString()], cancellationToken: cancellationToken)
            .ConfigureAwait(false);
        return (Parse(seen), seen);
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        return this switch
        {
            { Device: "" } => "unreachable",
            { Gateway: "" } => $"dev {Device}",
            _ => $"via {Gateway} dev {Device}",
        };
    }

    private static RouteLookUp Parse(Observation seen)
    {
        if (!seen.Succeeded)
        {
            return new RouteLookUp("", "");
        }
        using var json = JsonDocument.Parse(seen.Output);
        var route = json.RootElement.EnumerateArray().FirstOrDefault();
        return route.ValueKind == JsonValueKind.Object
            ? new RouteLookUp(Text(route, "dev"), Text(route, "gateway"))
            : new RouteLookUp("", "");
    }

    private static string Text(JsonElement route, string name)
    {
        return route.TryGetProperty(name, out var value) ? value.GetString() ?? "" : "";
    }
}
