using System.Globalization;
using System.Net;

namespace Telepresence.Sandbox.ClusterDns;

/// <summary>Names of <c>in-addr.arpa</c> and <c>ip6.arpa</c>.</summary>
internal static class ReverseName
{
    private const string Suffix4 = ".in-addr.arpa.";
    private const string Suffix6 = ".ip6.arpa.";

    public static bool IsReverse(string name) => name.EndsWith(".arpa.", StringComparison.Ordinal);

    public static IPAddress? Parse(string name)
    {
        if (name.EndsWith(Suffix4, StringComparison.Ordinal))
        {
            var labels = name[..^Suffix4.Length].Split('.');
            var bytes = new byte[4];
            for (var i = 0; i < 4; i++)
            {
                if (labels.Length != 4 || !byte.TryParse(labels[3 - i], NumberStyles.None, null, out bytes[i]))
                {
                    return null;
                }
            }
            return new IPAddress(bytes);
        }
        if (name.EndsWith(Suffix6, StringComparison.Ordinal))
        {
            var labels = name[..^Suffix6.Length].Split('.');
            if (labels.Length != 32 || labels.Any(l => l.Length != 1 || !char.IsAsciiHexDigit(l[0])))
            {
                return null;
            }
            return new IPAddress(Convert.FromHexString(string.Concat(labels.Reverse())));
        }
        return null;
    }
}
