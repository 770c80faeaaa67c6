BeforeDiscovery {
    $views = @(
        @{ Type = 'Session'; Script = { Get-TelepresenceSession } }
        @{ Type = 'Subnet'; Script = { Get-TelepresenceSubnet } }
        @{ Type = 'Route'; Script = { Get-TelepresenceRoute -IncludeSystem } }
        @{ Type = 'RouteDecision'; Script = { Find-TelepresenceRoute 246.0.0.2 } }
        @{ Type = 'RouteCandidate'; Script = { (Find-TelepresenceRoute 246.0.0.2).Candidates } }
        @{ Type = 'Conflict'; Script = { Test-TelepresenceConflict } }
        @{ Type = 'VirtualAddress'; Script = { Get-TelepresenceVirtualAddress } }
        @{ Type = 'DnsRecord'; Script = { Resolve-TelepresenceName web.demo } }
        @{ Type = 'DnsQuery'; Script = { Get-TelepresenceDnsQuery } }
        @{ Type = 'Connection'; Script = { Get-TelepresenceConnection } }
        @{ Type = 'ConnectionChange'; Script = { Watch-TelepresenceConnection -Session ended } }
        @{ Type = 'Measurement'; Script = { Measure-Telepresence 246.0.0.2:80 -Duration 0.2 } }
        @{ Type = 'Trace'; Script = { Trace-TelepresencePacket a.pcapng -Duration 0.1 -Force } }
        @{ Type = 'LogEntry'; Script = {
                $env:XDG_CACHE_HOME = Join-Path $TestDrive cache
                $null = New-Item -ItemType Directory (Join-Path $env:XDG_CACHE_HOME telepresence logs) -Force
                Set-Content (Join-Path $env:XDG_CACHE_HOME telepresence logs engine.log) '2026-11-22T08:00:00.000Z Error EngineSession: a message', 'with an exception'
                Get-TelepresenceLog
                $env:XDG_CACHE_HOME = $null
            } }
        @{ Type = 'ConnectPlan'; Script = { Connect-Telepresence -WhatIf -PassThru } }
        @{ Type = 'Repair'; Script = { Repair-Telepresence } }
        @{ Type = 'Context'; Script = { Get-TelepresenceContext } }
        @{ Type = 'Namespace'; Script = { Get-TelepresenceNamespace } }
        @{ Type = 'Workload'; Script = { Get-TelepresenceWorkload } }
        @{ Type = 'Engagement'; Script = { Get-TelepresenceEngagement } }
        @{ Type = 'ManagerObject'; Script = { Install-TelepresenceManager -WarningAction Ignore } }
        @{ Type = 'ConfigurationEntry'; Script = { Get-TelepresenceConfiguration -WarningAction Ignore } }
    )
}

BeforeAll {
    . $PSScriptRoot/FakeEngine.ps1
    Import-Module $env:TELEPRESENCE_MODULE -Force
    $engine = Start-FakeEngine

    function Get-Lines($Text) {
        [Management.Automation.Internal.StringDecorated]::new($Text).ToString('PlainText').Split("`n").TrimEnd()
    }
}

AfterAll {
    Stop-FakeEngine $engine
}

Describe 'Views' {
    It 'shows <Type> as a table of at most 100 columns, nothing cut' -ForEach $views {
        $lines = Get-Lines (& $Script | Format-Table | Out-String -Width 100)
        $lines.Where{ $_.Length -gt 100 } | Should -BeNullOrEmpty
        $lines.Where{ $_ -match '^-+ ' } | Should -Not -BeNullOrEmpty
        # A property that does not exist, or an error in a script block, shows as nothing or as #ERR.
        $lines -match '#ERR' | Should -BeNullOrEmpty
        $lines.Where{ $_.Contains('…') } | Should -BeNullOrEmpty
    }

    It 'shows <Type> as a list of at most 100 columns' -ForEach $views {
        $lines = Get-Lines (& $Script | Format-List | Out-String -Width 100)
        $lines.Where{ $_.Length -gt 100 } | Should -BeNullOrEmpty
        $lines.Where{ $_ -match ' : ' }.Count | Should -BeGreaterThan 1
        $lines -match '#ERR' | Should -BeNullOrEmpty
    }

    It 'names no property that its type lacks' {
        [xml] $formats = Get-Content -Raw (Join-Path (Split-Path $env:TELEPRESENCE_MODULE) Telepresence.format.ps1xml)
        $missing = foreach ($view in $formats.Configuration.ViewDefinitions.View) {
            $type = $view.ViewSelectedBy.TypeName.Where{ $_ -like 'Telepresence.Client.*' }[0] -as [type]
            $view.SelectNodes('.//PropertyName').InnerText.Where{ -not $type.GetProperty($_) }.ForEach{ "$type $_" }
        }
        $missing | Should -BeNullOrEmpty
    }

    It 'colours a state' {
        $PSStyle.OutputRendering = 'Ansi'
        try {
            Get-TelepresenceSession | Format-Table | Out-String | Should -Match ([regex]::Escape("$($PSStyle.Foreground.Green)Connected"))
        }
        finally {
            $PSStyle.OutputRendering = 'Host'
        }
    }
}
