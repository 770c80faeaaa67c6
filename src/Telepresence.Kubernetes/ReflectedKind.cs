using System.Text.Json.Serialization.Metadata;

namespace Telepresence.Kubernetes;

/// <summary>What a <see cref="Reflector{TObject,TKept}"/> follows, and how much of it is kept.</summary>
/// <param name="Path">Of the list: <c>api/v1/namespaces</c>.</param>
/// <param name="List">JSON of a page.</param>
/// <param name="Object">JSON of an object in a watch.</param>
/// <param name="Metadata">Names the object.</param>
/// <param name="Keep">The few fields that are needed: only they stay in memory.</param>
/// <param name="FieldSelector">Narrows the list: <c>metadata.name=x</c>, which is all that a right to one object allows.</param>
internal sealed record ReflectedKind<TObject, TKept>(
    string Path,
    JsonTypeInfo<V1List<TObject>> List,
    JsonTypeInfo<TObject> Object,
    Func<TObject, V1ObjectMeta> Metadata,
    Func<TObject, TKept> Keep,
    string? FieldSelector = null
);
