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

    It 'changes the configuration of this machine and of the cluster, comments kept' {
        $configuration, $directories = $env:XDG_CONFIG_HOME, $env:XDG_CONFIG_DIRS
        $env:XDG_CONFIG_HOME = Join-Path $TestDrive configuration
        $env:XDG_CONFIG_DIRS = Join-Path $TestDrive none
        try {
            $file = Join-Path $env:XDG_CONFIG_HOME telepresence config.yml
            $null = New-Item -ItemType Directory (Split-Path $file)
            Set-Content $file "# mine`nrouting: # VPN`n  neverProxySubnet: 10.9.0.0/16"
            Set-TelepresenceConfiguration routing.allowConflictingSubnets 10.128.0.0/9
            Get-Content $file | Should -Be '# mine', 'routing: # VPN', '  neverProxySubnet: 10.9.0.0/16', '  allowConflictingSubnets: [10.128.0.0/9]'

            $entry = Get-TelepresenceConfiguration *conflicting* -WarningVariable warnings -WarningAction SilentlyContinue
            $entry.Value | Should -Be '10.128.0.0/9'
            $entry.File | Should -Be $file
            $entry.Line | Should -Be 4
            $warnings.Message | Should -BeLike '*line 3: routing.neverProxySubnet is not a known key; did you mean routing.neverProxySubnets?'

            Set-TelepresenceConfiguration dns.lookupTimeout 5s -Scope Cluster -Kubeconfig $sandbox.Kubeconfig
            kubectl --kubeconfig $sandbox.Kubeconfig -n ambassador get configmap traffic-manager -o 'jsonpath={.data.client\.yaml}' |
                Should -Be 'dns:', '  lookupTimeout: 5s'
            $entry = Get-TelepresenceConfiguration dns.lookupTimeout -Kubeconfig $sandbox.Kubeconfig -WarningAction Ignore
            $entry.Value, $entry.Source | Should -Be '5s', 'cluster'

            Set-Content $file 'routing: ['
            { Set-TelepresenceConfiguration dns.lookupTimeout 5s -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidConfiguration,*'
            { Get-TelepresenceConfiguration } | Should -Throw '*config.yml: line 2, column 1: not valid YAML*'
            Get-Content $file | Should -Be 'routing: ['
        }
        finally {
            $env:XDG_CONFIG_HOME, $env:XDG_CONFIG_DIRS = $configuration, $directories
        }
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
