namespace Telepresence.Kubernetes;

/// <summary>A kind of API object and where it is found.</summary>
/// <param name="ApiVersion">Group and version: <c>v1</c>, <c>apps/v1</c>.</param>
/// <param name="Kind"><c>Deployment</c>.</param>
/// <param name="Plural">Name in paths and rules: <c>deployments</c>.</param>
/// <param name="IsNamespaced">False: there is one set of them in the cluster.</param>
internal sealed record ResourceKind(string ApiVersion, string Kind, string Plural, bool IsNamespaced)
{
    /// <summary>As rules name it: empty for the core group.</summary>
    public string Group => ApiVersion.Contains('/', StringComparison.Ordinal) ? ApiVersion.Split('/')[0] : "";

    /// <summary>Path of one object, or of the list without a name.</summary>
    /// <param name="namespaceParameter">Null: of all namespaces, or of a kind that is in none.</param>
    public string Path(string? namespaceParameter, string? name = null) =>
        (Group.Length == 0 ? "api/" : "apis/")
        + ApiVersion
        + (namespaceParameter is null ? "" : $"/namespaces/{Uri.EscapeDataString(namespaceParameter)}")
        + $"/{Plural}"
        + (name is null ? "" : $"/{Uri.EscapeDataString(name)}");
}
