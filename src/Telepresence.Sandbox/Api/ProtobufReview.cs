using System.Text.Json.Nodes;
using Google.Protobuf;

namespace Telepresence.Sandbox.Api;

/// <summary>Reads the reviews that kubectl posts as <c>application/vnd.kubernetes.protobuf</c>, whatever discovery says of JSON.</summary>
internal static class ProtobufReview
{
    // Field numbers of k8s.io/api authorization/v1 and of runtime.Unknown.
    private const int UnknownRaw = 2;
    private const int Spec = 2;
    private const int ResourceAttributes = 1;
    private static readonly string[] s_attributes =
    [
        "",
        "namespace",
        "verb",
        "group",
        "version",
        "resource",
        "subresource",
        "name",
    ];

    private static ReadOnlySpan<byte> Magic => "k8s\0"u8;

    /// <summary>Null without the magic of Kubernetes' protobuf.</summary>
    /// <exception cref="InvalidProtocolBufferException">What follows is no protobuf.</exception>
    public static JsonObject? Parse(string kind, ReadOnlySpan<byte> body)
    {
        if (!body.StartsWith(Magic))
        {
            return null;
        }
        var review = Field(body[Magic.Length..].ToArray(), UnknownRaw);
        var attributes = new JsonObject();
        var input = new CodedInputStream(Field(Field(review, Spec), ResourceAttributes));
        for (var tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            var number = WireFormat.GetTagFieldNumber(tag);
            if (WireFormat.GetTagWireType(tag) == WireFormat.WireType.LengthDelimited && number < s_attributes.Length)
            {
                attributes[s_attributes[number]] = input.ReadString();
            }
            else
            {
                input.SkipLastField();
            }
        }
        return new()
        {
            ["kind"] = kind,
            ["apiVersion"] = kind == "SelfSubjectReview" ? "authentication.k8s.io/v1" : "authorization.k8s.io/v1",
            ["spec"] = new JsonObject { ["resourceAttributes"] = attributes },
        };
    }

    private static byte[] Field(byte[] message, int field)
    {
        var input = new CodedInputStream(message);
        for (var tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            if (tag == WireFormat.MakeTag(field, WireFormat.WireType.LengthDelimited))
            {
                return input.ReadBytes().ToByteArray();
            }
            input.SkipLastField();
        }
        return [];
    }
}
