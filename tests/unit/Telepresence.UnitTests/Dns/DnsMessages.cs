using System.Buffers.Binary;
using System.Net;
using Telepresence.Engine.Dns;

namespace Telepresence.UnitTests.Dns;

/// <summary>Builds and reads messages in the tests' own way, so that the code under test is not its own witness.</summary>
internal static class DnsMessages
{
    public static byte[] Query(
        string name,
        ushort type,
        ushort id = 0x1234,
        int? ednsSize = null,
        ushort flags = 0x0100
    )
    {
        var bytes = new List<byte>();
        U16(bytes, id, flags, 1, 0, 0, (ushort)(ednsSize is null ? 0 : 1));
        bytes.AddRange(Name(name));
        U16(bytes, type, 1);
        if (ednsSize is { } size)
        {
            bytes.Add(0);
            U16(bytes, 41, (ushort)size, 0, 0, 0);
        }
        return [.. bytes];
    }

    /// <summary>Labels split at dots, case kept.</summary>
    public static byte[] Name(string name) =>
        [
            .. name.Split('.', StringSplitOptions.RemoveEmptyEntries)
                .SelectMany(label => new[] { (byte)label.Length }.Concat(System.Text.Encoding.ASCII.GetBytes(label))),
            0,
        ];

    public static byte[] Record(string name, ushort type, byte[] data, uint ttl = 30)
    {
        var bytes = new List<byte>(Name(name));
        U16(bytes, type, 1, (ushort)(ttl >> 16), (ushort)ttl, (ushort)data.Length);
        bytes.AddRange(data);
        return [.. bytes];
    }

    public static byte[] A(string name, string address) =>
        Record(
            name,
            address.Contains(':', StringComparison.Ordinal) ? RecordType.Aaaa : RecordType.A,
            IPAddress.Parse(address).GetAddressBytes()
        );

    public static byte[] Answer(byte[] query, int code, params byte[][] records)
    {
        var end = 12 + Name(QuestionOf(query)).Length + 4;
        var answer = query[..end].Concat(records.SelectMany(r => r)).ToArray();
        answer[2] = 0x81;
        answer[3] = (byte)(0x80 | code);
        BinaryPrimitives.WriteUInt16BigEndian(answer.AsSpan(6), (ushort)records.Length);
        BinaryPrimitives.WriteUInt16BigEndian(answer.AsSpan(10), 0);
        return answer;
    }

    public static string QuestionOf(byte[] message)
    {
        var offset = 12;
        return ReadName(message, ref offset);
    }

    public static Message Read(ReadOnlySpan<byte> message)
    {
        var bytes = message.ToArray();
        var offset = 12;
        var question = U16At(bytes, 4) == 1 ? ReadName(bytes, ref offset) : "";
        offset += U16At(bytes, 4) == 1 ? 4 : 0;
        var records = new List<string>();
        for (var i = 0; i < U16At(bytes, 6); i++)
        {
            var owner = ReadName(bytes, ref offset);
            var (type, length) = (U16At(bytes, offset), U16At(bytes, offset + 8));
            var ttl = U16At(bytes, offset + 6);
            offset += 10;
            var at = offset;
            var data = type switch
            {
                1 or 28 => new IPAddress(bytes.AsSpan(offset, length)).ToString(),
                5 or 2 or 12 => ReadName(bytes, ref at),
                _ => Convert.ToHexString(bytes, offset, length),
            };
            records.Add($"{owner} {ttl} {type} {data}");
            offset += length;
        }
        var opt = U16At(bytes, 10) == 1;
        Assert.Equal(bytes.Length, offset + (opt ? 11 : 0));
        return new Message(
            U16At(bytes, 0),
            bytes[3] & 0xF,
            (bytes[2] & 4) != 0,
            (bytes[2] & 2) != 0,
            (bytes[3] & 0x80) != 0,
            question,
            records,
            opt
        );
    }

    public sealed record Message(
        int Id,
        int Code,
        bool Authoritative,
        bool Truncated,
        bool RecursionAvailable,
        string Question,
        IReadOnlyList<string> Answers,
        bool HasOpt
    );

    private static int U16At(byte[] bytes, int offset) => BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(offset));

    private static string ReadName(byte[] bytes, ref int offset)
    {
        var labels = "";
        var (at, behind) = (offset, -1);
        for (var hops = 0; hops < 128; hops++)
        {
            int length = bytes[at];
            if (length >= 0xC0)
            {
                behind = behind < 0 ? at + 2 : behind;
                at = U16At(bytes, at) & 0x3FFF;
                continue;
            }
            at++;
            if (length == 0)
            {
                offset = behind < 0 ? at : behind;
                return labels.Length == 0 ? "." : labels;
            }
            labels += System.Text.Encoding.ASCII.GetString(bytes, at, length) + ".";
            at += length;
        }
        throw new InvalidDataException("name without end");
    }

    private static void U16(List<byte> bytes, params ushort[] values)
    {
        foreach (var value in values)
        {
            bytes.Add((byte)(value >> 8));
            bytes.Add((byte)value);
        }
    }
}
