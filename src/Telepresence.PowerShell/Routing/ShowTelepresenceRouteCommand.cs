using System.Management.Automation;
using System.Text;
using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Maps;
using Telepresence.Client.Objects;
using Telepresence.PowerShell.Completers;

namespace Telepresence.PowerShell.Routing;

/// <summary>A picture of the address space: local routes, VPNs, cluster subnets, and what was moved where.</summary>
[Cmdlet(VerbsCommon.Show, "TelepresenceRoute", SupportsShouldProcess = true)]
[OutputType(typeof(string))]
[OutputType(typeof(FileInfo))]
public sealed class ShowTelepresenceRouteCommand : TelepresenceCmdlet
{
    private const int WidthWithoutTerminal = 100;

    /// <summary>Names of sessions, or wildcards; without it all.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [ArgumentCompleter(typeof(SessionCompleter))]
    [SupportsWildcards]
    public string[] Session { get; set; } = [];

    /// <summary>How to draw; by default as the file's name says, else text.</summary>
    [Parameter]
    public MapFormat? As { get; set; }

    /// <summary>File to write; without it the picture goes to the pipeline.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    /// <summary>Only one address family.</summary>
    [Parameter]
    public AddressFamilyName? AddressFamily { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        // The session state belongs to this thread.
        var file = Path is null ? null : SessionState.Path.GetUnresolvedProviderPathFromPSPath(Path);
        var (width, withColor) = Terminal();
        if (file is not null && !ShouldProcess(file, "Write a picture of the address space"))
            return;
        Run(async cancellationToken =>
        {
            var picture = await DrawAsync(FormatFor(file), width, withColor, cancellationToken);
            if (file is null)
            {
                Emit(picture);
                return;
            }
            await WriteAsync(file, picture, cancellationToken);
            Emit(new FileInfo(file));
        });
    }

    private MapFormat FormatFor(string? file) =>
        As
        ?? System.IO.Path.GetExtension(file)?.ToUpperInvariant() switch
        {
            ".SVG" => MapFormat.Svg,
            ".HTML" or ".HTM" => MapFormat.Html,
            _ => MapFormat.Text,
        };

    private async Task<string> DrawAsync(
        MapFormat format,
        int width,
        bool withColor,
        CancellationToken cancellationToken
    )
    {
        // Only the engine that is connected knows sessions; without one the machine's own routes are drawn.
        var connected = await TryGetNetworkEngineAsync(cancellationToken);
        var engine = connected ?? await GetAnyEngineAsync(cancellationToken);
        var sessions = await SessionNames.FindAsync(
            connected,
            Session,
            missing => EmitError(missing, missing.TargetObject),
            cancellationToken
        );
        var routes = await engine.RoutesAsync(new RoutesParameters(null, IncludeSystem: true), cancellationToken);
        var subnets = new List<TelepresenceSubnet>();
        foreach (var session in sessions)
            subnets.AddRange(await connected!.SubnetsAsync(session.Name, cancellationToken));
        var map = AddressMap.Of(
            [.. routes.Where(r => AddressFamily is null || r.AddressFamily == AddressFamily)],
            [.. subnets.Where(s => AddressFamily is null || s.AddressFamily == AddressFamily)]
        );
        var title =
            sessions.Count > 0 ? $"Addresses with {string.Join(", ", sessions)}" : "Addresses without a session";
        return format switch
        {
            MapFormat.Svg => SvgAddressMap.Render(map, title),
            MapFormat.Html => HtmlAddressMap.Render(map, title),
            _ => TextAddressMap.Render(map, width, withColor && Path is null),
        };
    }

    private static async Task WriteAsync(string file, string picture, CancellationToken cancellationToken)
    {
        try
        {
            await File.WriteAllTextAsync(file, picture, new UTF8Encoding(false), cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ErrorCatalogue.InvalidParameter("Show-TelepresenceRoute", nameof(Path), file, e.Message, e);
        }
    }

    private (int Width, bool WithColor) Terminal()
    {
        if (Console.IsOutputRedirected || !Host.UI.SupportsVirtualTerminal)
            return (WidthWithoutTerminal, false);
        // PSStyle is not in the reference assembly; its property says what the user wants.
        var style = SessionState.PSVariable.GetValue("PSStyle") is { } found ? PSObject.AsPSObject(found) : null;
        var isPlain = style?.Properties["OutputRendering"]?.Value?.ToString() == "PlainText";
        return (Host.UI.RawUI.WindowSize.Width, !isPlain);
    }
}
