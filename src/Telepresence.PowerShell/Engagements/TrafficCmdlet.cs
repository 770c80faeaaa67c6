using System.Management.Automation;
using Telepresence.Client.Contract;
using Telepresence.Client.Engagements;
using Telepresence.PowerShell.Completers;

namespace Telepresence.PowerShell.Engagements;

/// <summary>Engagements that bring a container's traffic here.</summary>
public abstract class TrafficCmdlet : EngagementCmdlet
{
    /// <summary>LOCAL:IDENTIFIER, with /UDP where it is; the first is the main one.</summary>
    [Parameter(Position = 1)]
    [ArgumentCompleter(typeof(EngagementPortCompleter))]
    public string[] Port { get; set; } = [];

    /// <summary>Where connections are answered; without it the loopback.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Address { get; set; }

    private protected override EngagementRequest Request => CommonRequest with { Ports = Port, Address = Address };
}

/// <summary>Engagements that may choose among the requests of a service.</summary>
public abstract class ServiceCmdlet : TrafficCmdlet
{
    /// <summary>Service whose port is meant, where several have it.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Service { get; set; }

    /// <summary>Only requests with these headers, each NAME=VALUE.</summary>
    [Parameter]
    public string[] HttpHeader { get; set; } = [];

    /// <summary>Only requests for these paths: /PATH, prefix:/PATH or regex:EXPRESSION.</summary>
    [Parameter]
    public string[] HttpPath { get; set; } = [];

    /// <summary>HTTP without TLS to this machine, also where the pod has TLS.</summary>
    [Parameter]
    public SwitchParameter Plaintext { get; set; }

    private protected override EngagementRequest Request =>
        base.Request with
        {
            Service = Service,
            HttpHeaders = HttpFilters.ParsePairs(HttpHeader, nameof(HttpHeader)),
            HttpPaths = HttpPath,
            Plaintext = Plaintext,
        };
}
