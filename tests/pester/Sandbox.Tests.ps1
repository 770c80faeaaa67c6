BeforeAll {
    Import-Module $env:TELEPRESENCE_MODULE -Force
    $env:TELEPRESENCE_RUNTIME_DIR = Join-Path $TestDrive 'run'
}

Describe 'The sandbox' {
    It 'says that the one to stop does not run' {
        { Stop-TelepresenceSandbox nothing -ErrorAction Stop } | Should -Throw -ErrorId 'SandboxUnavailable,*'
        Stop-TelepresenceSandbox 'nothing*'
    }

    It 'does not start with -WhatIf' {
        Start-TelepresenceSandbox -WhatIf | Should -BeNullOrEmpty
    }
}

Describe 'Without an engine' {
    It 'there are no sessions, routes, connections or queries' {
        Get-TelepresenceSession | Should -BeNullOrEmpty
        Get-TelepresenceRoute | Should -BeNullOrEmpty
        Get-TelepresenceSubnet | Should -BeNullOrEmpty
        Get-TelepresenceConnection | Should -BeNullOrEmpty
        Get-TelepresenceVirtualAddress | Should -BeNullOrEmpty
        Get-TelepresenceDnsQuery | Should -BeNullOrEmpty
        Disconnect-Telepresence
    }

    It 'a name cannot be resolved' {
        { Resolve-TelepresenceName web.demo -ErrorAction Stop } | Should -Throw -ErrorId 'SessionNotFound,*'
    }
}

Describe 'With a sandbox, without privilege' {
    BeforeAll {
        # Short: the engine's socket lies in it.
        $env:TELEPRESENCE_RUNTIME_DIR = (New-Item -ItemType Directory (Join-Path ([IO.Path]::GetTempPath()) "tp-$([guid]::NewGuid().ToString('N').Substring(0, 8))")).FullName
        if (-not $IsWindows) { chmod 700 $env:TELEPRESENCE_RUNTIME_DIR }
        $sandbox = Start-TelepresenceSandbox -ServiceSubnet 198.18.0.0/24 -PodSubnet 198.19.0.0/24
    }

    AfterAll {
        Stop-TelepresenceSandbox
        Remove-Item -Recurse -Force $env:TELEPRESENCE_RUNTIME_DIR -ErrorAction Ignore
    }

    It 'tests the cluster''s subnets for conflicts' {
        $conflicts = Test-TelepresenceConflict -Kubeconfig $sandbox.Kubeconfig
        $conflicts.Subnet | Sort-Object | Should -Be @('198.18.0.0/24', '198.19.0.0/24')
        $conflicts.Severity | Should -Be @('None', 'None')
        Test-TelepresenceConflict -Kubeconfig $sandbox.Kubeconfig -Quiet | Should -BeFalse
    }

    It 'tells what a connect would do' {
        $plan = Connect-Telepresence -Kubeconfig $sandbox.Kubeconfig -Vnat service -WhatIf -PassThru
        $plan.IsPossible | Should -BeTrue
        $plan.Context | Should -Be 'telepresence-sandbox'
        $plan.ManagerVersion | Should -Match '^v\d'
        $plan.Subnets.Where{ $_.Kind -eq 'Service' }.Disposition | Should -Be 'Translated'
        $plan.Subnets.Where{ $_.Kind -eq 'Pod' }.Disposition | Should -Be 'Proxied'
    }

    It 'completes contexts and namespaces' {
        $line = "Connect-Telepresence -Kubeconfig '$($sandbox.Kubeconfig)' -Context "
        (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Contain 'telepresence-sandbox'
        $line = "Connect-Telepresence -Kubeconfig '$($sandbox.Kubeconfig)' -Namespace "
        (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Contain 'demo'
    }

    It 'names what a context lacks, with a command that shows the others' {
        $thrown = $null
        try { Test-TelepresenceConflict nowhere -Kubeconfig $sandbox.Kubeconfig } catch { $thrown = $_ }
        $thrown.FullyQualifiedErrorId | Should -BeLike 'ContextNotFound,*'
        $thrown.TargetObject | Should -Be 'nowhere'
        $thrown.ErrorDetails.RecommendedAction | Should -Be 'kubectl config get-contexts'
    }

    It 'does not connect where nobody gives it the privilege' {
        # sudo asks nobody here: it either needs no password or refuses.
        if ([Environment]::IsPrivilegedProcess -or ((Get-Command sudo -ErrorAction Ignore) -and $(sudo -n true 2>$null; $LASTEXITCODE -eq 0))) {
            Set-ItResult -Skipped -Because 'this user has the privilege, or gets it from sudo'
        }
        $thrown = $null
        try { Connect-Telepresence -Kubeconfig $sandbox.Kubeconfig -TimeoutSeconds 30 } catch { $thrown = $_ }
        $thrown.FullyQualifiedErrorId | Should -BeLike 'ElevationRefused,*'
        $thrown.CategoryInfo.Category | Should -Be 'PermissionDenied'
        $thrown.ErrorDetails.RecommendedAction | Should -Be 'sudo -v'
        Get-TelepresenceSession | Should -BeNullOrEmpty
    }
}
