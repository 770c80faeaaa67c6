using System.Buffers.Binary;

namespace Telepresence.Engine.Dns.Resolved;

/// <summary>Kinds of message, numbered as on the wire.</summary>
internal enum DBusMessageKind : byte
{
    MethodCall = 1,
    MethodReturn = 2,
    Error = 3,
    Signal = 4,
}

/// <summary>A message's header fields and body (D-Bus specification, "Message Format").</summary>
internal sealed record DBusMessage
{
    /// <summary>Up to where the lengths are known.</summary>
    public const int FixedLength = 16;

    /// <summary>What the specification allows is far more; nothing that is spoken here comes near this.</summary>
    private const int MaxLength = 1 << 20;

    private const byte LittleEndian = (byte)'l';
    private const byte ProtocolVersion = 1;

    public required DBusMessageKind Kind { get; init; }

    public required uint Serial { get; init; }

    public uint ReplySerial { get; init; }

    public string Path { get; init; } = "";

    public string Interface { get; init; } = "";

    public string Member { get; init; } = "";

    public string ErrorName { get; init; } = "";

    public string Destination { get; init; } = "";

    public string Sender { get; init; } = "";

    public string Signature { get; init; } = "";

    public byte[] Body { get; init; } = [];

    public byte[] ToBytes()
    {
        var header = new DBusWriter();
        header.Byte(LittleEndian);
        header.Byte((byte)Kind);
        header.Byte(0);
        header.Byte(ProtocolVersion);
        header.UInt32((uint)Body.Length);
        header.UInt32(Serial);
        header.Array(
            Fields().Where(field => field.Text.Length > 0 || field.Number > 0),
            alignment: 8,
            static (writer, field) =>
            {
                writer.BeginStructure();
                writer.Byte(field.Code);
                writer.Signature(field.Type);
                switch (field.Type)
                {
                    case "u":
                        writer.UInt32(field.Number);
                        break;
                    case "g":
                        writer.Signature(field.Text);
                        break;
                    default:
                        writer.String(field.Text);
                        break;
                }
            }
        );
        header.Align(8);
        return [.. header.Written, .. Body];
    }

    /// <summary>Length of the whole message, told by its first <see cref="FixedLength"/> bytes.</summary>
    /// <exception cref="DBusException">Malformed or too long.</exception>
    public static int LengthOf(ReadOnlySpan<byte> start)
    {
        if (start[0] != LittleEndian || start[3] != ProtocolVersion)
            throw new DBusException(DBusException.Malformed, "the bus speaks another byte order or version");
        var body = BinaryPrimitives.ReadUInt32LittleEndian(start[4..]);
        var fields = BinaryPrimitives.ReadUInt32LittleEndian(start[12..]);
        if (body > MaxLength || fields > MaxLength)
            throw new DBusException(DBusException.Malformed, "a message is too long");
        return FixedLength + ((int)fields + 7 & ~7) + (int)body;
    }

    /// <exception cref="DBusException">Malformed.</exception>
    public static DBusMessage Parse(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < FixedLength || LengthOf(bytes) != bytes.Length)
            throw new DBusException(DBusException.Malformed, "a message is shorter than it says");
        var bodyLength = (int)BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
        var fieldsEnd = FixedLength + (int)BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]);
        var message = new DBusMessage
        {
            Kind = (DBusMessageKind)bytes[1],
            Serial = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]),
            Body = bytes[^bodyLength..].ToArray(),
        };
        var reader = new DBusReader(bytes[..fieldsEnd], FixedLength);
        while (!reader.AtEnd)
        {
            reader.Align(8);
            message = message.With(reader.Byte(), ref reader);
        }
        return message;
    }

    private DBusMessage With(byte code, ref DBusReader reader)
    {
        var type = reader.Signature();
        return (code, type) switch
        {
            (1, "o") => this with { Path = reader.String() },
            (2, "s") => this with { Interface = reader.String() },
            (3, "s") => this with { Member = reader.String() },
            (4, "s") => this with { ErrorName = reader.String() },
            (5, "u") => this with { ReplySerial = reader.UInt32() },
            (6, "s") => this with { Destination = reader.String() },
            (7, "s") => this with { Sender = reader.String() },
            (8, "g") => this with { Signature = reader.Signature() },
            (9, "u") => Skip(ref reader),
            _ => throw new DBusException(DBusException.Malformed, $"header field {code} has the type {type}"),
        };
    }

    /// <summary>The number of file descriptors: none is ever asked for.</summary>
    private DBusMessage Skip(ref DBusReader reader)
    {
        _ = reader.UInt32();
        return this;
    }

    private IEnumerable<(byte Code, string Type, string Text, uint Number)> Fields() =>
        [
            (1, "o", Path, 0),
            (2, "s", Interface, 0),
            (3, "s", Member, 0),
            (4, "s", ErrorName, 0),
            (5, "u", "", ReplySerial),
            (6, "s", Destination, 0),
            (8, "g", Signature, 0),
        ];
}
