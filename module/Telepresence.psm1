# The cmdlets are in Telepresence.PowerShell.dll, a nested module. Here is what only a script module can do: assertions for
# Pester, as https://pester.dev/docs/assertions/custom-assertions describes them. Pester calls each Confirm-* function with
# what stands before `Should`; none of them throws: what could not be found out fails the assertion and its negation alike.

function Register-TelepresenceAssertion {
    # .EXTERNALHELP Telepresence.PowerShell.dll-Help.xml
    [CmdletBinding()]
    param()
    # Not Get-Command Add-ShouldOperator: it would load Pester.
    if (-not (Get-Module Pester)) {
        $fault = [Telepresence.Client.Errors.ErrorCatalogue]::Error('PesterNotLoaded', $null)
        $record = [Management.Automation.ErrorRecord]::new($fault, $fault.Id, "$($fault.Category)", $null)
        $record.ErrorDetails = [Management.Automation.ErrorDetails]::new($fault.Message)
        $record.ErrorDetails.RecommendedAction = $fault.RecommendedAction
        $PSCmdlet.ThrowTerminatingError($record)
    }
    Pester\Add-ShouldOperator -Name BeRoutedByTelepresence -Test ${function:Confirm-RoutedByTelepresence}
    Pester\Add-ShouldOperator -Name HaveNoTelepresenceConflict -Test ${function:Confirm-NoTelepresenceConflict}
    Pester\Add-ShouldOperator -Name ResolveToVirtualAddress -Test ${function:Confirm-VirtualAddress}
}

function Confirm-RoutedByTelepresence($ActualValue, [switch] $Negate, [string] $Session, [string] $Because, $CallerSessionState) {
    $reason = Format-Reason $Because
    $expected = "Expected '$ActualValue'$($Negate ? ' not' : '') to be routed by Telepresence$($Session ? " session '$Session'" : '')$reason, but"
    try {
        $decisions = @(Get-RemoteEndpoint $ActualValue | Find-TelepresenceRoute -ErrorAction Stop)
    }
    catch {
        return Write-Verdict "$expected $(Format-Fault $_)"
    }
    foreach ($decision in $decisions) {
        $address = $decision.RemoteAddress
        $prefix = "$address/$($address.Contains(':') ? 128 : 32)"
        $found = $decision.DestinationPrefix ?
            "$address takes the route $($decision.DestinationPrefix) of interface $($decision.InterfaceAlias)" : "there is no route to $address"
        $isRouted = $decision.IsTelepresence -and (-not $Session -or $decision.Session -like $Session)
        if ($Negate -and $isRouted) {
            return Write-Verdict "$expected $found, which is of session '$($decision.Session)'. To leave it out: Connect-Telepresence -NeverProxy $prefix"
        }
        if (-not $Negate -and -not $isRouted) {
            $advice = $decision.IsTelepresence ? "which is of session '$($decision.Session)'. All routes: Get-TelepresenceRoute" :
                $decision.VirtualAddress ? "the cluster's own $address is reached at $($decision.VirtualAddress). What a name leads to: Resolve-TelepresenceName" :
                -not (Get-TelepresenceSession -ErrorAction Ignore) ? 'no session is connected. To connect: Connect-Telepresence' :
                "$($decision.Reason.TrimEnd('.')). To have it routed: Connect-Telepresence -AlsoProxy $prefix"
            return Write-Verdict "$expected $found; $advice"
        }
    }
    Write-Verdict
}

function Confirm-NoTelepresenceConflict(
    $ActualValue, [switch] $Negate, [string] $Kubeconfig, [ValidateSet('Resolved', 'Warning', 'Blocking')] [string] $Severity = 'Resolved',
    [string] $Because, $CallerSessionState
) {
    $reason = Format-Reason $Because
    $expected = "Expected '$ActualValue' to have $($Negate ? 'a' : 'no') conflict with this machine's routes$reason, but"
    $severities = 'None', 'Resolved', 'Warning', 'Blocking'
    try {
        $conflicts = @(Get-SubnetConflict $ActualValue $Kubeconfig).Where{
            $severities.IndexOf("$($_.Severity)") -ge $severities.IndexOf($Severity)
        }
    }
    catch {
        return Write-Verdict "$expected $(Format-Fault $_)"
    }
    if ($Negate -eq ($conflicts.Count -gt 0)) {
        return Write-Verdict
    }
    if ($Negate) {
        return Write-Verdict "$expected there is none. All routes of this machine: Get-TelepresenceRoute -IncludeSystem"
    }
    $found = foreach ($conflict in $conflicts) {
        $owner = $conflict.Owner ? " ($($conflict.Owner))" : ''
        $outcome = switch ("$($conflict.Resolution)") {
            'Translate' { "a connect translates it to $($conflict.VirtualSubnet)" }
            'Allowed' { 'a connect routes it over that, as was allowed' }
            'Refused' { 'a connect is refused' }
            default { 'a connect changes nothing there' }
        }
        $advice = $conflict.Recommendation ? ". To decide it: $($conflict.Recommendation)" : ''
        "$($conflict.Subnet) ($($conflict.Kind)) overlaps $($conflict.ConflictingRoute) of interface $($conflict.InterfaceAlias)$owner; $outcome$advice"
    }
    Write-Verdict "$expected $($found -join "`n")"
}

function Confirm-VirtualAddress($ActualValue, [switch] $Negate, [string] $Session, [string] $Because, $CallerSessionState) {
    $reason = Format-Reason $Because
    $expected = "Expected '$ActualValue'$($Negate ? ' not' : '') to resolve to virtual addresses$reason, but"
    try {
        if (-not "$ActualValue") {
            throw 'there is no name to resolve'
        }
        $where = $Session ? @{ Session = $Session } : @{}
        $records = @(Resolve-TelepresenceName "$ActualValue" @where -ErrorAction Stop | Where-Object IPAddress)
        if (-not $records) {
            throw "it has no addresses. What it has: Resolve-TelepresenceName '$ActualValue' -Type CNAME"
        }
    }
    catch {
        return Write-Verdict "$expected $(Format-Fault $_)"
    }
    foreach ($record in $records) {
        $isVirtual = $record.ClusterAddress -and $record.ClusterAddress -ne $record.IPAddress
        if ($Negate -and $isVirtual) {
            return Write-Verdict "$expected $($record.IPAddress) stands for $($record.ClusterAddress) in session '$($record.Session)'. What its subnet collides with, and the other ways: Test-TelepresenceConflict | Format-List"
        }
        if (-not $Negate -and -not $isVirtual) {
            $prefix = "$($record.ClusterAddress)/$($record.ClusterAddress.Contains(':') ? 128 : 32)"
            $advice = $record.ClusterAddress ? "the address that it has in the cluster. To translate it: Connect-Telepresence -Vnat $prefix" :
                'which is not of the cluster. What is: Get-TelepresenceSubnet'
            return Write-Verdict "$expected it resolves to $($record.IPAddress), $advice"
        }
    }
    Write-Verdict
}

# The addresses that a program would connect to: of an address, a name, HOST:PORT, a URL, or an object that has an address.
function Get-RemoteEndpoint($Value) {
    if ("$Value" -eq '') {
        throw 'there is no address to ask for'
    }
    foreach ($property in 'RemoteAddress', 'IPAddress', 'IP4Address') {
        if ($Value -isnot [string] -and $Value.PSObject.Properties[$property]) {
            return [pscustomobject]@{ RemoteAddress = "$($Value.$property)"; RemotePort = [int]$Value.PSObject.Properties['RemotePort'].Value }
        }
    }
    $text, $port, $address = "$Value", 0, $null
    if ($text.Contains('://')) {
        $uri = [uri]$text
        $text, $port = $uri.DnsSafeHost, [math]::Max($uri.Port, 0)
    }
    elseif ($text -match '^\[(.+)\]:(\d+)$' -or $text -match '^([^:]+):(\d+)$') {
        $text, $port = $Matches[1], [int]$Matches[2]
    }
    # Names by the system's own resolver, as every program does.
    $addresses = [ipaddress]::TryParse($text, [ref] $address) ? @($address) : $(
        try {
            [Net.Dns]::GetHostAddresses($text)
        }
        catch {
            throw "the name cannot be resolved on this machine ($($_.Exception.InnerException.Message)). What the session says of it: Resolve-TelepresenceName '$text'"
        }
    )
    $addresses.ForEach{ [pscustomobject]@{ RemoteAddress = "$_"; RemotePort = $port } }
}

# What is in conflict: of a subnet, a context, a session, a plan, or what Test-TelepresenceConflict wrote.
function Get-SubnetConflict($Value, $Kubeconfig) {
    if ("$Value" -eq '') {
        throw 'there is no context, subnet, conflict, session or plan to look at'
    }
    if ($Value -isnot [string] -and $Value.PSObject.Properties['ConflictingRoute']) {
        return $Value
    }
    if ($Value -isnot [string] -and $Value.PSObject.Properties['Conflicts']) {
        return $Value.Conflicts
    }
    $address = $null
    if ([ipaddress]::TryParse(("$Value" -split '/')[0], [ref] $address)) {
        return Test-TelepresenceConflict -PodSubnet "$Value" -ErrorAction Stop
    }
    $where = $Kubeconfig ? @{ Kubeconfig = $Kubeconfig } : @{}
    Test-TelepresenceConflict "$Value" @where -ErrorAction Stop
}

function Format-Reason([string] $Because) {
    $Because ? " because $($Because -replace '^because\s+')" : ''
}

function Format-Fault($Fault) {
    $action = $Fault.ErrorDetails.RecommendedAction
    "this cannot be told: $Fault$($action ? " To do: $action" : '')"
}

function Write-Verdict([string] $FailureMessage) {
    [pscustomobject]@{ Succeeded = -not $FailureMessage; FailureMessage = $FailureMessage }
}

# There is no event for a module that is loaded later: who loads Pester after this module calls the function.
if (Get-Module Pester) {
    Register-TelepresenceAssertion
}

Export-ModuleMember -Function Register-TelepresenceAssertion -Cmdlet *
