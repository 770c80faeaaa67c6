using System.Globalization;
using System.Text;

namespace Telepresence.Protocol.Grpc;

/// <summary>How gRPC writes things into HTTP headers.</summary>
public static class GrpcHeaders
{
    /// <summary>Content type of calls with protobuf messages; peers may add <c>+proto</c>.</summary>
    public const string ContentType = "application/grpc";

    /// <summary>Trailer with the status code.</summary>
    public const string Status = "grpc-status";

    /// <summary>Trailer with the detail, percent-encoded.</summary>
    public const string Message = "grpc-message";

    /// <summary>Header with the deadline.</summary>
    public const string Timeout = "grpc-timeout";

    private const long MaxTimeoutValue = 99_999_999;

    private static readonly (char Unit, long Ticks)[] Units =
    [
        ('u', TimeSpan.TicksPerMicrosecond),
        ('m', TimeSpan.TicksPerMillisecond),
        ('S', TimeSpan.TicksPerSecond),
        ('M', TimeSpan.TicksPerMinute),
        ('H', TimeSpan.TicksPerHour),
    ];

    /// <summary>The finest unit whose value fits gRPC's eight digits, rounded up.</summary>
    public static string FormatTimeout(TimeSpan timeout)
    {
        var ticks = Math.Max(1, timeout.Ticks);
        foreach (var (unit, size) in Units)
        {
            var value = ((ticks - 1) / size) + 1;
            if (value <= MaxTimeoutValue)
                return string.Create(CultureInfo.InvariantCulture, $"{value}{unit}");
        }
        return $"{MaxTimeoutValue}H";
    }

    /// <summary>False for anything but up to eight digits and a unit.</summary>
    public static bool TryParseTimeout(string text, out TimeSpan timeout)
    {
        timeout = default;
        if (
            text is not { Length: >= 2 and <= 9 }
            || !long.TryParse(text.AsSpan(..^1), NumberStyles.None, CultureInfo.InvariantCulture, out var value)
        )
            return false;
        if (text[^1] == 'n')
        {
            timeout = TimeSpan.FromTicks((value + 99) / 100);
            return true;
        }
        foreach (var (unit, ticks) in Units)
        {
            if (unit != text[^1])
                continue;
            timeout = TimeSpan.FromTicks(value <= TimeSpan.MaxValue.Ticks / ticks ? value * ticks : long.MaxValue);
            return true;
        }
        return false;
    }

    /// <summary>Percent-encodes what is not printable ASCII.</summary>
    public static string EncodeMessage(string message)
    {
        var text = new StringBuilder(message.Length);
        foreach (var b in Encoding.UTF8.GetBytes(message))
        {
            if (b is >= 0x20 and <= 0x7e and not (byte)'%')
                text.Append((char)b);
            else
                text.Append('%').Append(b.ToString("X2", CultureInfo.InvariantCulture));
        }
        return text.ToString();
    }

    /// <summary>Never fails: what is no percent-encoding stays as it is.</summary>
    public static string DecodeMessage(string message)
    {
        if (!message.Contains('%'))
            return message;
        var bytes = new List<byte>(message.Length);
        for (var i = 0; i < message.Length; i++)
        {
            if (
                message[i] == '%'
                && i + 2 < message.Length
                && byte.TryParse(
                    message.AsSpan(i + 1, 2),
                    NumberStyles.AllowHexSpecifier,
                    CultureInfo.InvariantCulture,
                    out var b
                )
            )
            {
                bytes.Add(b);
                i += 2;
            }
            else
            {
                bytes.AddRange(Encoding.UTF8.GetBytes(message[i].ToString()));
            }
        }
        return Encoding.UTF8.GetString([.. bytes]);
    }

    /// <summary>What an HTTP status means when no gRPC status came with it.</summary>
    public static StatusCode FromHttpStatus(int status) =>
        status switch
        {
            400 => StatusCode.Internal,
            401 => StatusCode.Unauthenticated,
            403 => StatusCode.PermissionDenied,
            404 => StatusCode.Unimplemented,
            429 or 502 or 503 or 504 => StatusCode.Unavailable,
            _ => StatusCode.Unknown,
        };

    /// <summary>What an HTTP/2 reset or GOAWAY code means.</summary>
    public static StatusCode FromHttp2Error(long errorCode) =>
        errorCode switch
        {
            7 => StatusCode.Unavailable,
            8 => StatusCode.Cancelled,
            11 => StatusCode.ResourceExhausted,
            12 => StatusCode.PermissionDenied,
            _ => StatusCode.Internal,
        };
}
