BeforeAll {
    . $PSScriptRoot/FakeEngine.ps1
    Import-Module $env:TELEPRESENCE_MODULE -Force
    $engine = Start-FakeEngine
}

AfterAll {
    Stop-FakeEngine $engine
}

Describe 'Install-, Update- and Uninstall-TelepresenceManager' {
    BeforeEach {
        Remove-Item (Join-Path $env:TELEPRESENCE_RUNTIME_DIR manager.*.txt) -ErrorAction Ignore
    }

    It 'writes what was applied, and warnings' {
        $objects = Install-TelepresenceManager -WarningVariable warnings -WarningAction SilentlyContinue
        $objects.Kind | Should -Be @('Service', 'Deployment')
        $objects[0].PSTypeNames[0] | Should -Be 'Telepresence.ManagerObject'
        $objects[0].Action | Should -Be 'Created'
        "$($objects[0])" | Should -Be 'service/traffic-manager'
        $warnings[0].Message | Should -Match 'apiPrt is not a known key'
    }

    It 'passes values on, files by their whole path' {
        Push-Location $TestDrive
        try {
            $null = Install-TelepresenceManager tools -Context demo -Values a.yaml, ./b.yaml -Set 'a=b,c={d}', e=f -SetString g=1 `
                -Image r/n:t -TimeoutSeconds 90 -Force -WarningAction Ignore
        }
        finally {
            Pop-Location
        }
        $folder = (Get-Item $TestDrive).FullName
        Get-FakeEngineNote manager.install |
            Should -Be "demo|tools|$folder/a.yaml $folder/b.yaml|a=b,c={d} e=f|g=1|r/n:t||reset=False helm=False force=True dry=False 90"
    }

    It 'updates, with helm too' {
        (Update-TelepresenceManager -UseHelm -ChartVersion 2.25.0 -ResetValues -WarningAction Ignore).Action |
            Should -Be @('Configured', 'Unchanged')
        Get-FakeEngineNote manager.update | Should -Be '||||||2.25.0|reset=True helm=True force=False dry=False '
    }

    It 'does nothing with -WhatIf' {
        Install-TelepresenceManager -WhatIf | Should -BeNullOrEmpty
        Uninstall-TelepresenceManager -WhatIf | Should -BeNullOrEmpty
        Join-Path $env:TELEPRESENCE_RUNTIME_DIR manager.*.txt | Should -Not -Exist
    }

    It 'tells what it would do with -WhatIf -PassThru' {
        $objects = Install-TelepresenceManager -WhatIf -PassThru -WarningAction Ignore
        $objects[0].Manifest | Should -Match 'kind: Service'
        Get-FakeEngineNote manager.install | Should -Match 'dry=True'
    }

    It 'says what is in the way' {
        { Install-TelepresenceManager -Namespace taken } | Should -Throw -ErrorId 'ManagerInstalled,*'
        try {
            Install-TelepresenceManager -Namespace taken
        }
        catch {
            $_.TargetObject | Should -Be 'taken'
            $_.ErrorDetails.RecommendedAction | Should -Be "Update-TelepresenceManager -Namespace 'taken'"
        }
    }

    It 'tells its steps with -Verbose' {
        $lines = Install-TelepresenceManager -Verbose -WarningAction Ignore 4>&1
        "$lines" | Should -Match 'applying service/traffic-manager'
    }

    It 'uninstalls what comes by pipeline' {
        $null = [pscustomobject]@{ ManagerNamespace = 'tools' } | Uninstall-TelepresenceManager -Confirm:$false -WarningAction Ignore
        Get-FakeEngineNote manager.uninstall | Should -Match '^\|tools\|'
    }

    It 'asks before it uninstalls' {
        (Get-Command Uninstall-TelepresenceManager).ImplementingType.
            GetCustomAttributes([Management.Automation.CmdletAttribute], $false).ConfirmImpact | Should -Be 'High'
    }

    It 'completes namespaces' {
        $line = 'Install-TelepresenceManager -Namespace kube'
        (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Be 'kube-system'
    }
}
