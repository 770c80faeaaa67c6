BeforeAll {
    . $PSScriptRoot/FakeEngine.ps1
    Import-Module $env:TELEPRESENCE_MODULE -Force
    $engine = Start-FakeEngine
    $cache, $kubeconfig = $env:XDG_CACHE_HOME, $env:KUBECONFIG
    $env:XDG_CACHE_HOME = Join-Path $TestDrive cache
    $logs = (New-Item -ItemType Directory (Join-Path $env:XDG_CACHE_HOME telepresence logs)).FullName
    Set-Content (Join-Path $logs engine.log) @(
        '2026-11-22T08:00:00.000Z Information EngineSession: Session demo: Connected'
        '2026-11-22T08:00:01.000Z Warning     Proxy: Authorization: Bearer leakLEAKleak1'
        '2026-11-22T08:00:02.000Z Error       FlowRouter: failed'
        'System.IO.IOException: token=leakLEAKleak2'
        '   at Telepresence.X()'
    )
    $secret = 'leakLEAKleak'
    $env:KUBECONFIG = Join-Path $TestDrive config
    Set-Content $env:KUBECONFIG "users:`n- name: a`n  user:`n    token: ${secret}3`n    client-key-data: ${secret}4"
}

AfterAll {
    Stop-FakeEngine $engine
    $env:XDG_CACHE_HOME, $env:KUBECONFIG = $cache, $kubeconfig
}

Describe 'Get-TelepresenceLog' {
    It 'writes an object an entry, the newest last, exceptions with it' {
        $entries = Get-TelepresenceLog
        $entries.Count | Should -Be 3
        $entries[0].PSTypeNames[0] | Should -Be 'Telepresence.LogEntry'
        $entries[2].Level | Should -Be 'Error'
        $entries[2].Category | Should -Be 'FlowRouter'
        $entries[2].Exception | Should -Match 'at Telepresence\.X'
    }

    It 'takes the last, by level and time' {
        (Get-TelepresenceLog 1).Message | Should -Be 'failed'
        (Get-TelepresenceLog -Level Warning).Count | Should -Be 2
        (Get-TelepresenceLog -After ([datetime]'2026-11-22T08:00:01.5Z')).Level | Should -Be 'Error'
    }

    It 'has nothing where there is no log' {
        Get-TelepresenceLog -Engine User | Should -BeNullOrEmpty
    }

    It 'tells where the log is with -Verbose' {
        Get-TelepresenceLog -Verbose 4>&1 | Where-Object { $_ -is [Management.Automation.VerboseRecord] } | Should -Be (Join-Path $logs engine.log)
    }

    It 'names a file that it may not read' {
        if ([Environment]::IsPrivilegedProcess) {
            Set-ItResult -Skipped -Because 'this user may read every file'
        }
        chmod 000 (Join-Path $logs engine.log)
        try {
            { Get-TelepresenceLog -ErrorAction Stop } | Should -Throw -ErrorId 'FileNotReadable,*'
        }
        finally {
            chmod 600 (Join-Path $logs engine.log)
        }
    }
}

Describe 'Set-TelepresenceLogLevel' {
    It 'sets engine and traffic-manager for half an hour' {
        Set-TelepresenceLogLevel Debug
        Get-FakeEngineNote level-Engine | Should -Be 'Debug 1800 '
        Get-FakeEngineNote level-Manager | Should -Be 'Debug 1800 '
    }

    It 'sets one of them for good' {
        Get-TelepresenceSession | Set-TelepresenceLogLevel Trace Manager -Duration 0
        Get-FakeEngineNote level-Manager | Should -Be 'Trace  demo-default'
        Get-FakeEngineNote level-Engine | Should -Be 'Debug 1800 '
    }

    It 'changes nothing with -WhatIf' {
        Set-TelepresenceLogLevel Error -WhatIf
        Get-FakeEngineNote level-Engine | Should -Be 'Debug 1800 '
    }

    It 'completes levels' {
        $line = 'Set-TelepresenceLogLevel '
        (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Contain 'Debug'
    }
}

Describe 'Export-TelepresenceDiagnostic' {
    BeforeAll {
        $file = Export-TelepresenceDiagnostic (Join-Path $TestDrive out.zip)
        Expand-Archive $file (Join-Path $TestDrive out)
        $texts = Get-ChildItem -Recurse -File (Join-Path $TestDrive out)
    }

    It 'writes a file of the user''s alone' {
        $file | Should -BeOfType IO.FileInfo
        if (-not $IsWindows) { (Get-Item $file).UnixMode | Should -Be '-rw-------' }
    }

    It 'has versions, sessions, routes, rules, conflicts, DNS, configuration and logs' {
        'connections.json', 'configuration.json', 'dns-queries.json', 'engine.log', 'routes.json', 'rules.json', 'sessions.json', 'subnets.json', 'versions.txt', 'virtual-addresses.json' |
            ForEach-Object { $texts.Name | Should -Contain $_ }
        $texts.Name | Should -Not -Contain 'missing.txt'
        (Get-Content -Raw (Join-Path $TestDrive out sessions.json) | ConvertFrom-Json).name | Should -Be 'demo-default'
        Get-Content (Join-Path $TestDrive out versions.txt) | Should -Contain "PowerShell: $($PSVersionTable.PSVersion)"
        Get-Content -Raw (Join-Path $TestDrive out logs engine.log) | Should -Match 'Session demo: Connected'
    }

    It 'has no token and no key, wherever they were' {
        $texts | Select-String $secret | Should -BeNullOrEmpty
        $texts | Select-String '[redacted]' -SimpleMatch | Should -Not -BeNullOrEmpty
    }

    It 'does not write over a file unless told' {
        { Export-TelepresenceDiagnostic $file } | Should -Throw -ErrorId 'FileNotWritable,*'
        (Export-TelepresenceDiagnostic $file -Force).Length | Should -BeGreaterThan 0
    }

    It 'names the file by the time where none was named' {
        Push-Location $TestDrive
        try {
            (Export-TelepresenceDiagnostic).Name | Should -Match '^telepresence-\d{8}-\d{6}\.zip$'
        }
        finally {
            Pop-Location
        }
    }

    It 'writes nothing with -WhatIf' {
        Export-TelepresenceDiagnostic (Join-Path $TestDrive not.zip) -WhatIf | Should -BeNullOrEmpty
        Join-Path $TestDrive not.zip | Should -Not -Exist
    }
}
