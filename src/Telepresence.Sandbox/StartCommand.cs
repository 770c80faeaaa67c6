using System.CommandLine;
using System.Net;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Telepresence.TrafficManager.Compatibility;

namespace Telepresence.Sandbox;

/// <summary><c>start</c>: a sandbox that runs until SIGINT or SIGTERM.</summary>
internal static class StartCommand
{
    private const int Failure = 1;

    public static Command Create()
    {
        var serviceSubnets = Subnets("--service-subnet", "Service subnet; repeat for the second family.");
        var podSubnets = Subnets("--pod-subnet", "Pod subnet; repeat for the second family.");
        var dualStack = new Option<bool>("--dual-stack") { Description = "Add the default IPv6 subnets." };
        var listen = new Option<IPEndPoint>("--listen")
        {
            Description = "Where the API server listens: ADDRESS:PORT; port 0 takes a free one.",
            CustomParser = result =>
            {
                if (IPEndPoint.TryParse(result.Tokens[0].Value, out var endPoint))
                {
                    return endPoint;
                }
                result.AddError($"'{result.Tokens[0].Value}' is not ADDRESS:PORT, as in 127.0.0.1:6443.");
                return null;
            },
            DefaultValueFactory = _ => new IPEndPoint(IPAddress.Loopback, 0),
        };
        var state = new Option<string?>("--state")
        {
            Description = "Directory for the kubeconfig; a temporary one otherwise.",
        };
        var certificate = new Option<bool>("--client-certificate")
        {
            Description = "Put a client certificate into the kubeconfig in place of a token.",
        };
        var clientYaml = new Option<FileInfo>("--client-yaml")
        {
            Description = "File with what helm makes of the values client.*: configuration for all clients.",
        }.AcceptExistingOnly();
        var emulate = new Option<ManagerRelease?>("--emulate")
        {
            Description = "Upstream release that the traffic-manager and its agents are as: 2.20, 2.22, 2.25 or 2.31.",
            CustomParser = result =>
            {
                if (ManagerRelease.TryParse(result.Tokens[0].Value, out var release))
                {
                    return release;
                }
                result.AddError($"'{result.Tokens[0].Value}' is not a release from 2.20 on, as in 2.25.");
                return null;
            },
        };
        var tokens = new Option<ManagerTokens>("--manager-tokens")
        {
            Description = "What the traffic-manager does with bearer tokens of clients, as upstream's since 2.31.",
        };
        var json = new Option<bool>("--json") { Description = "Print one line of JSON when ready." };
        var command = new Command("start", "Start an embedded cluster and keep it until interrupted.")
        {
            serviceSubnets,
            podSubnets,
            dualStack,
            listen,
            state,
            certificate,
            clientYaml,
            emulate,
            tokens,
            json,
        };
        command.SetAction(
            (parse, cancellationToken) =>
            {
                var services = parse.GetValue(serviceSubnets) ?? [];
                var pods = parse.GetValue(podSubnets) ?? [];
                var both = parse.GetValue(dualStack);
                var options = new SandboxOptions
                {
                    ServiceSubnets = Complete(
                        services,
                        SandboxOptions.DefaultServiceSubnet,
                        both ? SandboxOptions.DefaultServiceSubnet6 : null
                    ),
                    PodSubnets = Complete(
                        pods,
                        SandboxOptions.DefaultPodSubnet,
                        both ? SandboxOptions.DefaultPodSubnet6 : null
                    ),
                    Listen = parse.GetValue(listen)!,
                    StateDirectory = parse.GetValue(state),
                    ClientConfiguration = parse.GetValue(clientYaml) is { } file ? File.ReadAllText(file.FullName) : "",
                    Emulate = parse.GetValue(emulate),
                    ManagerTokens = parse.GetValue(tokens),
                    Credential = parse.GetValue(certificate)
                        ? SandboxCredential.ClientCertificate
                        : SandboxCredential.Token,
                };
                return RunAsync(options, parse.GetValue(json), cancellationToken);
            }
        );
        return command;
    }

    private static async Task<int> RunAsync(SandboxOptions options, bool json, CancellationToken cancellationToken)
    {
        var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void OnSignal(PosixSignalContext signal)
        {
            // Cancelled, so that the process ends only after the sandbox has cleaned up.
            signal.Cancel = true;
            stop.TrySetResult();
        }
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        using var cancelled = cancellationToken.Register(() => stop.TrySetResult());
        try
        {
            var sandbox = await SandboxCluster.StartAsync(options, cancellationToken).ConfigureAwait(false);
            await using (sandbox.ConfigureAwait(false))
            {
                Console.Out.WriteLine(json ? Json(sandbox) : Text(sandbox));
                await Console.Out.FlushAsync(CancellationToken.None).ConfigureAwait(false);
                await stop.Task.ConfigureAwait(false);
            }
            return 0;
        }
        catch (SandboxException e)
        {
            await Console.Error.WriteLineAsync($"{e.Id}: {e.Message}").ConfigureAwait(false);
            return Failure;
        }
    }

    private static string Json(SandboxCluster sandbox)
    {
        var services = new JsonObject();
        foreach (var (name, addresses) in sandbox.Services)
        {
            services[name] = Array(addresses);
        }
        return new JsonObject
        {
            ["kubeconfig"] = sandbox.KubeconfigPath,
            ["apiServer"] = sandbox.ApiServer.GetLeftPart(UriPartial.Authority),
            ["token"] = sandbox.Token,
            ["pageToken"] = sandbox.PageToken,
            ["manager"] = sandbox.ManagerEndPoint?.ToString(),
            ["serviceSubnets"] = Array(sandbox.ServiceSubnets),
            ["podSubnets"] = Array(sandbox.PodSubnets),
            ["services"] = services,
        }.ToJsonString();
    }

    private static string Text(SandboxCluster sandbox) =>
        $"""
            The sandbox is ready.
              kubeconfig  {sandbox.KubeconfigPath}
              API server  {sandbox.ApiServer.GetLeftPart(UriPartial.Authority)}
              token       {sandbox.Token}
              services    {string.Join(", ", sandbox.ServiceSubnets)}
              pods        {string.Join(", ", sandbox.PodSubnets)}
              web page    http://{sandbox.Services[SandboxCluster.DemoNamespace + "/web"][0]}/ holds {sandbox.PageToken}
            Try: kubectl --kubeconfig {sandbox.KubeconfigPath} get pods -A
            Ctrl+C ends it.
            """;

    private static JsonArray Array<T>(IEnumerable<T> values) =>
        new([.. values.Select(v => JsonValue.Create(v!.ToString()))]);

    private static IPNetwork[] Complete(IPNetwork[] chosen, IPNetwork first, IPNetwork? second) =>
        chosen.Length > 0 ? chosen
        : second is { } other ? [first, other]
        : [first];

    private static Option<IPNetwork[]> Subnets(string name, string description) =>
        new(name)
        {
            Description = description,
            AllowMultipleArgumentsPerToken = false,
            CustomParser = result =>
            {
                var subnets = new List<IPNetwork>();
                foreach (var token in result.Tokens)
                {
                    if (!IPNetwork.TryParse(token.Value, out var subnet))
                    {
                        result.AddError($"'{token.Value}' is not a CIDR, as in 10.96.0.0/16.");
                    }
                    subnets.Add(subnet);
                }
                return [.. subnets];
            },
        };
}
