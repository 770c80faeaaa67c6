using System.Globalization;
using Telepresence.Protocol.Manager;

namespace Telepresence.TrafficManager.Intercepts;

/// <summary>Which intercepts cannot be at the same time.</summary>
internal static class InterceptConflict
{
    /// <summary>What a child's client is called.</summary>
    public const string ChildPrefix = "child ";

    /// <summary>Of those present, the one that is in the way; null: none is.</summary>
    public static Intercept? Find(InterceptSpec wanted, string root, IEnumerable<Intercept> present)
    {
        if (wanted.Wiretap)
            return null;
        var key = new InterceptFilter(wanted).Key;
        return present.FirstOrDefault(other =>
            other.Root != root
            && other.IsLive
            && !other.Spec.Wiretap
            && other.Spec.Agent == wanted.Agent
            && other.Spec.Namespace == wanted.Namespace
            && IsSamePlace(other.Spec, wanted)
            && (other.Spec.Replace || wanted.Replace || new InterceptFilter(other.Spec).Key == key)
        );
    }

    /// <summary>For the user, who knows the other user's name and not a session's id.</summary>
    public static string Describe(InterceptSpec wanted, Intercept other)
    {
        var what =
            wanted.ContainerPort == 0
                ? $"Container {wanted.ContainerName}"
                : string.Create(CultureInfo.InvariantCulture, $"Port {wanted.ContainerPort}/{wanted.Protocol}");
        var client = other.Spec.Client.StartsWith(ChildPrefix, StringComparison.Ordinal)
            ? other.Spec.Client[ChildPrefix.Length..]
            : other.Spec.Client;
        var name = other.Root[(other.Session.Length + 1)..];
        return $"{what} of {wanted.Agent}.{wanted.Namespace} is taken by {client}: conflicts with the intercept \"{name}\"";
    }

    private static bool IsSamePlace(InterceptSpec one, InterceptSpec other) =>
        one.Replace || other.Replace
            ? one.ContainerName == other.ContainerName
            : one.ContainerPort != 0 && one.ContainerPort == other.ContainerPort && one.Protocol == other.Protocol;
}
