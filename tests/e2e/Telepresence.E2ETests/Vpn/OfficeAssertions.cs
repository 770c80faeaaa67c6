using Telepresence.E2ETests.Session;

namespace Telepresence.E2ETests.Vpn;

/// <summary>Whether the office is there, as curl and dig see it.</summary>
internal static class OfficeAssertions
{
    /// <summary>A page of that host, from the office and not from anywhere else.</summary>
    public static void AssertOfficeAnswersAt(this Workstation workstation, string address)
    {
        var host = address.Contains(':') ? $"[{address}]" : address;
        Assert.StartsWith($"office {address} to ", workstation.Curl($"http://{host}/", "-g"), StringComparison.Ordinal);
    }

    /// <summary>The intranet by address, and by the name that only the corporate name server knows.</summary>
    public static void AssertOfficeAnswers(this Workstation workstation)
    {
        workstation.AssertOfficeAnswersAt(Office.Intranet);
        Assert.Equal(Office.Intranet, workstation.Dig("+short", Office.IntranetName, "A"));
        Assert.StartsWith(
            $"office {Office.Intranet} to ",
            workstation.Curl($"http://{Office.IntranetName}/"),
            StringComparison.Ordinal
        );
    }
}
