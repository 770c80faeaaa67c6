using System.Collections;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Telepresence.TrafficManager.Compatibility;

/// <summary>Messages as a release knows them: without the fields that it does not have.</summary>
internal sealed class MessageShape
{
    private readonly Dictionary<MessageDescriptor, FieldDescriptor[]> _unknown;

    public MessageShape(ManagerRelease release) =>
        _unknown = InterfaceHistory
            .Fields.Where(entry => !entry.Span.Contains(release))
            .Select(entry => entry.Field)
            .GroupBy(field => field.ContainingType)
            .ToDictionary(group => group.Key, group => group.ToArray());

    /// <summary>A copy; the message may be shared.</summary>
    public T Of<T>(T message)
        where T : class, IMessage<T>
    {
        var copy = message.Clone();
        Strip(copy);
        return copy;
    }

    private void Strip(IMessage message)
    {
        foreach (var field in _unknown.GetValueOrDefault(message.Descriptor, []))
            field.Accessor.Clear(message);
        foreach (var field in message.Descriptor.Fields.InDeclarationOrder())
        {
            if (field.FieldType != FieldType.Message)
                continue;
            var value = field.Accessor.GetValue(message);
            var parts = field.IsMap ? ((IDictionary)value).Values : value as IEnumerable ?? new[] { value };
            foreach (var part in parts.OfType<IMessage>())
                Strip(part);
        }
    }
}
