using Telepresence.Kubernetes;

namespace Telepresence.Engine.Session.Configuration;

/// <summary>The extension <c>telepresence.io</c> of a kubeconfig's cluster: a fragment of config.yml, or the keys up to 2.20.</summary>
internal static class KubeconfigExtension
{
    private const string Name = "telepresence.io";

    /// <exception cref="InvalidConfigurationException">A key's value cannot be used.</exception>
    public static ClientConfiguration Read(KubeconfigCluster cluster)
    {
        if (cluster.TelepresenceExtension is not { } text)
            return ClientConfiguration.Empty;
        var origin = new ConfigurationOrigin("kubeconfig", cluster.File);
        // Read from the file once more for the lines; it may have changed since, or hold what only kubectl understands.
        return Find(cluster) is { } found
            ? ClientConfigurationReader.Read(found, origin, isExtension: true)
            : ClientConfigurationReader.Read(
                ClientConfigurationReader.Parse(text, cluster.File),
                origin,
                isExtension: true
            );
    }

    private static YamlTreeNode? Find(KubeconfigCluster cluster)
    {
        try
        {
            var root = ClientConfigurationReader.Parse(ConfigurationFiles.ReadText(cluster.File), cluster.File);
            var entry = Named(root, "clusters", cluster.Name)?.Find("cluster")?.Value;
            return Named(entry, "extensions", Name)?.Find("extension")?.Value as YamlMap;
        }
        catch (InvalidConfigurationException)
        {
            return null;
        }
    }

    private static YamlMap? Named(YamlTreeNode? parent, string list, string name) =>
        ((parent as YamlMap)?.Find(list)?.Value as YamlList)
            ?.Items.OfType<YamlMap>()
            .FirstOrDefault(item => item.Find("name")?.Value is YamlText text && text.Value == name);
}
