using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Telepresence.Benchmarks.Watching;

/// <summary>An API server with many pods and services, each as long as a real one, and a watch that changes them.</summary>
internal static class ManyObjectsServer
{
    private const string Allowed = """{"status":{"allowed":true}}""";

    /// <summary>Writes its port, and serves until standard input ends.</summary>
    /// <param name="count">Of pods, and of services.</param>
    /// <param name="changes">What a watch tells of each kind before it falls silent.</param>
    public static async Task RunAsync(int count, int changes)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        await using var server = builder.Build();
        server.MapPost(
            "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            context => WriteAsync(context, Allowed)
        );
        server.MapGet("/api/v1/pods", context => AnswerAsync(context, "pod", count, changes));
        server.MapGet("/api/v1/services", context => AnswerAsync(context, "service", count, changes));
        await server.StartAsync();
        Console.WriteLine(new Uri(server.Urls.First()).Port.ToString(CultureInfo.InvariantCulture));
        await Console.In.ReadToEndAsync();
    }

    private static async Task AnswerAsync(HttpContext context, string kind, int count, int changes)
    {
        var query = context.Request.Query;
        if (query["watch"] == "true")
        {
            for (var i = 0; i < changes; i++)
            {
                await WriteAsync(
                    context,
                    $$"""{"type":"MODIFIED","object":{{Item(kind, i % count, round: 1)}}}""" + "\n"
                );
            }
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        }
        var from = query["continue"].Count == 0 ? 0 : int.Parse(query["continue"]!, CultureInfo.InvariantCulture);
        var to = Math.Min(count, from + int.Parse(query["limit"]!, CultureInfo.InvariantCulture));
        var next = to < count ? to.ToString(CultureInfo.InvariantCulture) : "";
        await WriteAsync(context, $$"""{"metadata":{"resourceVersion":"1","continue":"{{next}}"},"items":[""");
        for (var i = from; i < to; i++)
        {
            await WriteAsync(context, (i == from ? "" : ",") + Item(kind, i, round: 0));
        }
        await WriteAsync(context, "]}");
    }

    private static Task WriteAsync(HttpContext context, string text) =>
        context.Response.WriteAsync(text, Encoding.UTF8, context.RequestAborted);

    private static string Item(string kind, int index, int round)
    {
        var address = $"10.{(kind == "pod" ? 244 : 96) + round}.{index / 250}.{(index % 250) + 1}";
        var (spec, status) =
            kind == "pod"
                ? (
                    $$"""{"nodeName":"node-{{index % 50}}","containers":[{"name":"main","image":"registry.example/team/app:1.2.3","env":[{{Filler("env", 20)}}]}]}""",
                    $$"""{"phase":"Running","podIP":"{{address}}","conditions":[{"type":"Ready","status":"True"}],"containerStatuses":[{"name":"main","ready":true,"restartCount":0}]}"""
                )
                : (
                    $$"""{"clusterIP":"{{address}}","clusterIPs":["{{address}}"],"type":"ClusterIP","selector":{"app":"app-{{index}}"},"ports":[{"name":"http","port":80,"protocol":"TCP","targetPort":8080}]}""",
                    """{"loadBalancer":{}}"""
                );
        var metadata =
            $$"""{"name":"{{kind}}-{{index}}-7cc5c7b8c4","namespace":"team-{{index % 100}}","uid":"6d0b3f0e-5c1e-4f39-9a0c-{{index:D12}}","resourceVersion":"{{index + 1}}","labels":{"app":"app-{{index}}","pod-template-hash":"7cc5c7b8c4"},"managedFields":[{{Filler("f", 25)}}]}""";
        return $$"""{"metadata":{{metadata}},"spec":{{spec}},"status":{{status}} }""";
    }

    /// <summary>Fields that nobody here reads, as most of an object is.</summary>
    private static string Filler(string name, int count) =>
        string.Join(
            ',',
            Enumerable
                .Range(0, count)
                .Select(i => $$"""{"name":"{{name}}-{{i}}","value":"of no use to anybody who watches"}""")
        );
}
