#Requires -Version 7.6
<#
.SYNOPSIS
How long a user waits: from Connect-Telepresence to the first name that resolves, stage by stage.

.DESCRIPTION
Each run is a shell and an engine of its own, in a cluster whose traffic-manager runs. The clock starts with the cmdlet, after the
module's import, which is told apart. Run it where connecting may change the network: in a network namespace that reaches
nothing but the API server.

.EXAMPLE
ip netns exec workstation pwsh -NoProfile bench/connect.ps1 -Kubeconfig admin.conf -Namespace demo -Name web.demo
#>
[CmdletBinding()]
param(
    # The module to measure: build.ps1's, or that of a build.
    [string] $Module = (Join-Path $PSScriptRoot .. module bin Release Telepresence),

    [Parameter(Mandatory)]
    [string] $Kubeconfig,

    [string] $Namespace = 'default',

    # A name of the cluster that must resolve as soon as Connect-Telepresence returns.
    [Parameter(Mandatory)]
    [string] $Name,

    [ValidateRange(1, 100)]
    [int] $Runs = 5
)

$ErrorActionPreference = 'Stop'

$measure = {
    param($Module, $Kubeconfig, $Namespace, $Name, $Directory)
    $ErrorActionPreference = 'Stop'
    # An engine lives on for a moment after its last session: another directory is another engine.
    $env:TELEPRESENCE_RUNTIME_DIR = $Directory
    $clock = [Diagnostics.Stopwatch]::StartNew()
    Import-Module $Module
    $import = $clock.Elapsed.TotalMilliseconds
    $clock.Restart()
    $stages = [Collections.Generic.List[object]]::new()
    Connect-Telepresence -Kubeconfig $Kubeconfig -Namespace $Namespace -Verbose 4>&1 | ForEach-Object {
        if ($_ -is [Management.Automation.VerboseRecord]) {
            $stages.Add([pscustomobject]@{ At = $clock.Elapsed.TotalMilliseconds; Stage = $_.Message })
        }
    }
    $connected = $clock.Elapsed.TotalMilliseconds
    $address = [Net.Dns]::GetHostAddresses($Name)
    $resolved = $clock.Elapsed.TotalMilliseconds
    Disconnect-Telepresence
    [pscustomobject]@{
        Import = $import; Stages = $stages; Connected = $connected; Resolved = $resolved; Address = "$address"
    } | ConvertTo-Json -Depth 4 -Compress
}

$pwsh = (Get-Process -Id $PID).Path
$results = foreach ($run in 1..$Runs) {
    $directory = Join-Path ([IO.Path]::GetTempPath()) "connect-$PID-$run"
    & $pwsh -NoProfile -NonInteractive -Command $measure -args $Module, $Kubeconfig, $Namespace, $Name, $directory |
        ConvertFrom-Json
    Remove-Item -Recurse $directory
}

function Format-Median([double[]] $Values) {
    $sorted = $Values | Sort-Object
    '{0:0} ({1:0}–{2:0})' -f $sorted[[math]::Floor($sorted.Count / 2)], $sorted[0], $sorted[-1]
}

"$Name is $($results[-1].Address). Milliseconds: median of $Runs, least and greatest."
''
'| from the cmdlet on | ms |'
'| --- | ---: |'
foreach ($stage in $results[0].Stages.Stage) {
    $at = foreach ($result in $results) { ($result.Stages | Where-Object Stage -EQ $stage | Select-Object -First 1).At }
    "| $stage | $(Format-Median @($at)) |"
}
"| Connect-Telepresence has returned | $(Format-Median $results.Connected) |"
"| **$Name has resolved** | $(Format-Median $results.Resolved) |"
"| (before: the module's import) | $(Format-Median $results.Import) |"
