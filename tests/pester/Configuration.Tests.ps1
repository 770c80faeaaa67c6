BeforeAll {
    . $PSScriptRoot/FakeEngine.ps1
    Import-Module $env:TELEPRESENCE_MODULE -Force
    $engine = Start-FakeEngine
}

AfterAll {
    Stop-FakeEngine $engine
}

Describe 'Get-TelepresenceConfiguration' {
    It 'writes one flat entry a key, and warnings' {
        $entries = Get-TelepresenceConfiguration -WarningVariable warnings -WarningAction SilentlyContinue
        $entries.Count | Should -Be 3
        $entries[0].PSTypeNames[0] | Should -Be 'Telepresence.ConfigurationEntry'
        $entries.Where{ $_.Key -eq 'routing.neverProxySubnets' }.Line | Should -Be 7
        $warnings | Should -HaveCount 1
        $warnings[0].Message | Should -Match 'line 3: x is not a known key'
    }

    It 'takes the session that there is for the effective one' {
        $null = Get-TelepresenceConfiguration -WarningAction Ignore
        Get-FakeEngineNote configuration | Should -Be 'Effective|demo-default|False'
        $null = Get-TelepresenceConfiguration -Scope Client -WarningAction Ignore
        Get-FakeEngineNote configuration | Should -Be 'Client||False'
        $null = Get-TelepresenceConfiguration -Context demo -WarningAction Ignore
        Get-FakeEngineNote configuration | Should -Be 'Effective||True'
        $null = Get-TelepresenceConfiguration -Scope Cluster -Session demo* -WarningAction Ignore
        Get-FakeEngineNote configuration | Should -Be 'Cluster|demo-default|False'
    }

    It 'says which session there is not' {
        { Get-TelepresenceConfiguration -Session nowhere -ErrorAction Stop } | Should -Throw -ErrorId 'SessionNotFound,*'
    }

    It 'takes keys by wildcard and by pipeline' {
        (Get-TelepresenceConfiguration dns.*, *neverproxy* -WarningAction Ignore).Key |
            Should -Be @('dns.lookupTimeout', 'routing.neverProxySubnets')
        ('dns.lookupTimeout' | Get-TelepresenceConfiguration -WarningAction Ignore).Value | Should -Be '4s'
    }

    It 'completes keys' {
        $line = 'Get-TelepresenceConfiguration rou'
        (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Be 'routing.neverProxySubnets'
        $line = 'Set-TelepresenceConfiguration -Key d'
        (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Be 'dns.lookupTimeout'
    }
}

Describe 'Set-TelepresenceConfiguration' {
    BeforeEach {
        Remove-Item (Join-Path $env:TELEPRESENCE_RUNTIME_DIR set.txt) -ErrorAction Ignore
    }

    It 'sets a value in the client scope' {
        Set-TelepresenceConfiguration dns.lookupTimeout '5s' | Should -BeNullOrEmpty
        Get-FakeEngineNote set | Should -Be 'Client|dns.lookupTimeout|5s|False'
    }

    It 'turns values of PowerShell into those of the configuration' -ForEach @(
        @{ Value = $true; Expected = 'true' }
        @{ Value = 2.5; Expected = '2.5' }
        @{ Value = [timespan]::FromMilliseconds(1500); Expected = '1.5s' }
        @{ Value = '10.0.0.0/8', 'fd00::/8'; Expected = '10.0.0.0/8;fd00::/8' }
        @{ Value = @(); Expected = '' }
        @{ Value = @{ name = 'db'; aliasFor = 'db.prod' }; Expected = 'db=db.prod' }
    ) {
        Set-TelepresenceConfiguration a.b -Value $Value -Scope Cluster
        Get-FakeEngineNote set | Should -Be "Cluster|a.b|$Expected|False"
    }

    It 'writes the key as it then is with -PassThru' {
        $entry = Set-TelepresenceConfiguration dns.lookupTimeout '5s' -PassThru
        $entry.PSTypeNames[0] | Should -Be 'Telepresence.ConfigurationEntry'
        $entry.Value | Should -Be '5s'
    }

    It 'removes a key' {
        Set-TelepresenceConfiguration dns.lookupTimeout -Remove
        Get-FakeEngineNote set | Should -Be 'Client|dns.lookupTimeout||True'
    }

    It 'changes nothing with -WhatIf' {
        Set-TelepresenceConfiguration dns.lookupTimeout '5s' -WhatIf
        Test-Path (Join-Path $env:TELEPRESENCE_RUNTIME_DIR set.txt) | Should -BeFalse
    }

    It 'refuses an unknown key, also with -WhatIf' {
        { Set-TelepresenceConfiguration nonsense 1 -WhatIf -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidParameter,*'
    }

    It 'does not take the scope Effective' {
        { Set-TelepresenceConfiguration dns.lookupTimeout '5s' -Scope Effective } | Should -Throw -ErrorId 'ParameterArgumentValidationError,*'
    }

    It 'takes key and value from another entry' {
        Get-TelepresenceConfiguration dns.lookupTimeout -WarningAction Ignore | Set-TelepresenceConfiguration
        Get-FakeEngineNote set | Should -Be 'Client|dns.lookupTimeout|4s|False'
    }
}
