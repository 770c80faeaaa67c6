using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Telepresence.UnitTests.Kubernetes;

namespace Telepresence.UnitTests.Installation;

/// <summary>The objects of a cluster behind a <see cref="FakeApiServer"/>: read, listed by label, applied and deleted.</summary>
internal sealed partial class FakeCluster
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, JsonObject> _objects = new(StringComparer.Ordinal);
    private readonly List<string> _changes = [];
    private int _version;

    /// <summary>What is refused or answered otherwise: given method and path; null: nothing special.</summary>
    public Func<string, string, (int Status, string Body)?> Otherwise { get; set; } = (_, _) => null;

    /// <summary>Whether an access review is answered with yes, by resource.</summary>
    public Func<string, bool> Allows { get; set; } = _ => true;

    /// <summary>What a deployment's status is as soon as it is applied.</summary>
    public string DeploymentStatus { get; set; } =
        """{"observedGeneration":1,"replicas":1,"updatedReplicas":1,"availableReplicas":1}""";

    /// <summary>Paths of what was applied and deleted, in order: <c>+ deployments/traffic-manager</c>.</summary>
    public IReadOnlyList<string> Changes
    {
        get
        {
            lock (_lock)
            {
                return [.. _changes];
            }
        }
    }

    public bool Has(string path) => Find(path) is not null;

    public JsonObject? Find(string path)
    {
        lock (_lock)
        {
            return _objects.GetValueOrDefault(path)?.DeepClone() as JsonObject;
        }
    }

    /// <param name="path">As in the URL: <c>api/v1/namespaces/tools/services/x</c>.</param>
    public void Put(string path, string body)
    {
        lock (_lock)
        {
            Store(path, (JsonObject)JsonNode.Parse(body)!);
        }
    }

    public void Remove(string path)
    {
        lock (_lock)
        {
            _objects.Remove(path);
        }
    }

    public (int Status, string Body) Answer(FakeApiServer.Request request)
    {
        var url = request.Path.TrimStart('/').Split('?');
        var path = Uri.UnescapeDataString(url[0]);
        if (Otherwise(request.Method, path) is { } special)
        {
            return special;
        }
        lock (_lock)
        {
            return (request.Method, path) switch
            {
                ("POST", "apis/authorization.k8s.io/v1/selfsubjectaccessreviews") => Review(request.Body),
                ("PATCH", _) => (200, Applied(path, (JsonObject)JsonNode.Parse(request.Body)!).ToJsonString()),
                ("DELETE", _) => Delete(path),
                ("GET", _) when _objects.TryGetValue(path, out var found) => (200, found.ToJsonString()),
                ("GET", _) when ListPath().IsMatch(path) => (200, List(path, url.ElementAtOrDefault(1) ?? "")),
                _ => (404, """{"kind":"Status","code":404,"message":"not found"}"""),
            };
        }
    }

    private (int, string) Review(string body)
    {
        var attributes = JsonNode.Parse(body)!["spec"]!["resourceAttributes"]!;
        var allowed = Allows($"{attributes["verb"]} {attributes["resource"]}") ? "true" : "false";
        return (201, $$"""{"status":{"allowed":{{allowed}}} }""");
    }

    private JsonObject Applied(string path, JsonObject body)
    {
        if (path.Contains("/deployments/", StringComparison.Ordinal))
        {
            body["metadata"]!["generation"] = 1;
            body["status"] = JsonNode.Parse(DeploymentStatus);
        }
        var present = _objects.GetValueOrDefault(path)?.DeepClone() as JsonObject;
        present?["metadata"]?.AsObject().Remove("resourceVersion");
        if (JsonNode.DeepEquals(present, body))
        {
            return _objects[path];
        }
        _changes.Add("+ " + Short(path));
        return Store(path, body);
    }

    private JsonObject Store(string path, JsonObject body)
    {
        body["metadata"] ??= new JsonObject();
        body["metadata"]!["name"] ??= path[(path.LastIndexOf('/') + 1)..];
        body["metadata"]!["resourceVersion"] = $"{++_version}";
        return _objects[path] = body;
    }

    private (int, string) Delete(string path)
    {
        if (!_objects.Remove(path))
        {
            return (404, """{"kind":"Status","code":404}""");
        }
        _changes.Add("- " + Short(path));
        return (200, "{}");
    }

    private string List(string path, string query)
    {
        var selector = ParseSelector(query);
        // A list of all namespaces has no namespace in its path, and its objects have.
        var parts = path.Split('/');
        var isOfAll = !path.Contains("/namespaces/", StringComparison.Ordinal);
        var items = _objects.Where(entry =>
            (
                entry.Key[..entry.Key.LastIndexOf('/')] == path
                || (
                    isOfAll
                    && entry.Key.StartsWith(string.Join('/', parts[..^1]) + "/namespaces/", StringComparison.Ordinal)
                    && entry.Key.Contains($"/{parts[^1]}/", StringComparison.Ordinal)
                )
            ) && selector.All(label => (string?)entry.Value["metadata"]?["labels"]?[label.Key] == label.Value)
        );
        return $$"""{"metadata":{"resourceVersion":"{{_version}}"},"items":[{{string.Join(',', items.Select(i => i.Value.ToJsonString()))}}]}""";
    }

    private static Dictionary<string, string> ParseSelector(string query) =>
        query
            .Split('&')
            .Where(part => part.StartsWith("labelSelector=", StringComparison.Ordinal))
            .SelectMany(part => Uri.UnescapeDataString(part["labelSelector=".Length..]).Split(','))
            .Where(label => label.Length > 0)
            .Select(label => label.Split('='))
            .ToDictionary(pair => pair[0], pair => pair[1]);

    private static string Short(string path) => string.Join('/', path.Split('/')[^2..]);

    /// <summary>Ends with a plural: of a kind in no namespace, or behind one.</summary>
    [GeneratedRegex(@"^(api/v1|apis/[^/]+/[^/]+)(/namespaces/[^/]+)?/[a-z]+\z")]
    private static partial Regex ListPath();
}
