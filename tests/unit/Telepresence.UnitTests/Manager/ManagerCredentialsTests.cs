using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Engine.Manager;
using Telepresence.Engine.Session;
using Telepresence.Engine.Session.Configuration;
using Telepresence.Protocol.Grpc;
using Telepresence.Sandbox;
using Telepresence.TrafficManager;
using Telepresence.TrafficManager.Compatibility;
using Telepresence.UnitTests.TrafficManager;

namespace Telepresence.UnitTests.Manager;

public class ManagerCredentialsTests
{
    private static readonly ManagerConnectionOptions Options = new()
    {
        Name = "me@here",
        InstallId = "id",
        Namespace = "default",
        ManagerNamespace = "manager",
    };

    private static CancellationToken Deadline => new CancellationTokenSource(TimeSpan.FromMinutes(2)).Token;

    [Fact]
    public async Task Every_call_carries_the_token_of_its_moment()
    {
        var tokens = new Tokens("first");
        var seen = new List<string>();
        await using var manager = await StartAsync(
            (token, _) =>
            {
                lock (seen)
                    seen.Add(token);
                return new(token == tokens.Value);
            }
        );
        await using (
            var connection = await ManagerConnection.OpenAsync(
                manager.ConnectAsync,
                Options with
                {
                    Tokens = tokens,
                },
                default
            )
        )
        {
            tokens.Value = "second";
            await using var infos = connection.WatchClusterInfoAsync(default).GetAsyncEnumerator();
            Assert.True(await infos.MoveNextAsync());
            Assert.Equal(3, (await connection.Resolver.LookupAsync("nobody.", 1, default)).ResponseCode);
        }
        // ArriveAsClient, GetClientConfig; WatchClusterInfo, LookupDNS, Depart.
        Assert.Equal(["first", "first", "second", "second", "second"], seen);
        Assert.Equal(0, tokens.Refused);
    }

    [Fact]
    public async Task A_token_that_is_refused_is_told_and_asked_for_anew()
    {
        var tokens = new Tokens("stale");
        await using var manager = await StartAsync((token, _) => new(token == "good"));
        var error = await FailsAsync(manager, tokens);
        Assert.Contains("The bearer token is not valid", error.Message, StringComparison.Ordinal);
        Assert.Equal(1, tokens.Refused);
    }

    [Fact]
    public async Task A_user_without_token_is_told_why_and_what_to_do()
    {
        await using var manager = await StartAsync((_, _) => new(true));
        var error = await FailsAsync(manager, new Tokens(null));
        Assert.Contains("the user 'me' has a client certificate only", error.Message, StringComparison.Ordinal);
        Assert.Contains("-Token", error.RecommendedAction, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, 0)]
    [InlineData(false, 3)]
    public async Task Only_a_manager_that_looks_at_tokens_gets_one_and_a_permissive_one_needs_none(
        bool? isRequired,
        int expected
    )
    {
        foreach (var tokens in (Tokens[])[new Tokens("mine"), new Tokens(null)])
        {
            await using var manager = await ManagerFixture.StartAsync(adjust: o =>
                o with
                {
                    Authentication = isRequired is { } required
                        ? new ManagerAuthentication((_, _) => new(false), required)
                        : null,
                }
            );
            var connection = await ManagerConnection.OpenAsync(
                manager.ConnectAsync,
                Options with
                {
                    Tokens = tokens,
                },
                default
            );
            await connection.DisposeAsync();
            // ArriveAsClient, GetClientConfig and Depart.
            Assert.Equal(expected, tokens.Asked);
        }
    }

    [Fact]
    public async Task Tokens_that_cannot_be_had_are_the_error_that_is_told()
    {
        var failure = ErrorCatalogue.Error(ErrorId.CredentialPluginFailed, null);
        var tokens = new Tokens("first") { FailsAfter = 1, Failure = failure };
        await using var manager = await StartAsync((_, _) => new(true));
        var error = await Assert.ThrowsAsync<TelepresenceException>(() =>
            ManagerConnection.OpenAsync(manager.ConnectAsync, Options with { Tokens = tokens }, default)
        );
        Assert.Same(failure, error);
    }

    [Theory]
    [InlineData("token", null)]
    [InlineData("tokenFile", null)]
    [InlineData("exec", null)]
    [InlineData("certificate", "has a client certificate only")]
    [InlineData("wrong", "does not accept")]
    public async Task The_kubeconfigs_user_proves_itself(string kind, string? refusal)
    {
        await using var sandbox = await SandboxCluster.StartAsync(
            new SandboxOptions
            {
                Emulate = ManagerRelease.Parse("2.31"),
                ManagerTokens = ManagerTokens.Enforcing,
                Credential = kind == "certificate" ? SandboxCredential.ClientCertificate : SandboxCredential.Token,
            },
            Deadline
        );
        Rewrite(sandbox, kind);
        using var access = KubernetesClusterAccess.Open(
            new ClusterSelection { Kubeconfig = sandbox.KubeconfigPath },
            null,
            ClientConfiguration.Empty,
            TimeSpan.FromSeconds(60)
        );
        var options = Options with { Namespace = "demo", ManagerNamespace = "ambassador", Tokens = access.Tokens };
        var opening = ManagerConnection.OpenAsync(
            async token =>
            {
                try
                {
                    return await access.OpenManagerStreamAsync(null, token);
                }
                catch (Telepresence.Kubernetes.KubernetesException e)
                {
                    throw TelepresenceException.FromData(e.ToData(), e);
                }
            },
            options,
            Deadline
        );
        if (refusal is null)
        {
            await using var connection = await opening;
            Assert.Equal("v2.31.0", connection.ManagerVersion);
            return;
        }
        var error = await Assert.ThrowsAsync<TelepresenceException>(() => opening);
        Assert.Contains(refusal, error.Message, StringComparison.Ordinal);
    }

    private static void Rewrite(SandboxCluster sandbox, string kind)
    {
        var file = Path.Combine(sandbox.StateDirectory, "token");
        File.WriteAllText(file, sandbox.Token + "\n");
        var credential =
            $$$"""{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"{{{sandbox.Token}}}"}}""";
        var text = File.ReadAllText(sandbox.KubeconfigPath);
        File.WriteAllText(
            sandbox.KubeconfigPath,
            kind switch
            {
                "tokenFile" => text.Replace($"token: {sandbox.Token}", $"tokenFile: {file}", StringComparison.Ordinal),
                "wrong" => text.Replace(sandbox.Token, "wrong", StringComparison.Ordinal),
                "exec" => text.Replace(
                    $"token: {sandbox.Token}",
                    "exec: { apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: echo, "
                        + $"args: ['{credential}'] }}",
                    StringComparison.Ordinal
                ),
                _ => text,
            }
        );
    }

    private static Task<ManagerFixture> StartAsync(Func<string, CancellationToken, ValueTask<bool>> isValid) =>
        ManagerFixture.StartAsync(adjust: o =>
            o.Emulating(ManagerRelease.Parse("2.31")) with
            {
                Authentication = new ManagerAuthentication(isValid, IsRequired: true),
            }
        );

    private static async Task<TelepresenceException> FailsAsync(ManagerFixture manager, IBearerTokens tokens)
    {
        var error = await Assert.ThrowsAsync<TelepresenceException>(() =>
            ManagerConnection.OpenAsync(manager.ConnectAsync, Options with { Tokens = tokens }, default)
        );
        Assert.True(error.Is(ErrorId.ManagerUnauthorized), error.Message);
        return error;
    }

    private sealed class Tokens(string? value) : IBearerTokens
    {
        public string? Value { get; set; } = value;

        public int Asked { get; private set; }

        public int Refused { get; private set; }

        public int FailsAfter { get; init; } = int.MaxValue;

        public Exception? Failure { get; init; }

        public string WhyNone => "the user 'me' has a client certificate only";

        public ValueTask<string?> GetAsync(CancellationToken cancellationToken) =>
            ++Asked > FailsAfter ? throw Failure! : new(Value);

        public void Invalidate() => Refused++;
    }
}
