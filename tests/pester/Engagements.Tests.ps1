BeforeAll {
    . $PSScriptRoot/FakeEngine.ps1
    Import-Module $env:TELEPRESENCE_MODULE -Force
    $engine = Start-FakeEngine

    function Complete($Line) {
        ([System.Management.Automation.CommandCompletion]::CompleteInput($Line, $Line.Length, $null)).CompletionMatches.CompletionText
    }
}

AfterAll {
    Stop-FakeEngine $engine
}

Describe 'New-TelepresenceIntercept and its like' {
    BeforeEach {
        Remove-Item (Join-Path $env:TELEPRESENCE_RUNTIME_DIR engage.txt) -ErrorAction Ignore
    }

    It 'writes the engagement' {
        $engagement = New-TelepresenceIntercept web 8080:http
        $engagement.PSTypeNames[0] | Should -Be 'Telepresence.Engagement'
        $engagement.Kind | Should -Be 'Intercept'
        $engagement.Environment['TP_DB'] | Should -Be 'postgres://246.0.0.7/db'
        "$engagement" | Should -Be 'web'
        Get-FakeEngineNote engage | Should -Be 'Intercept|||web|||8080:http||||||plaintext=False mounts=True  ro=False  '
    }

    It 'passes everything on' {
        $null = New-TelepresenceIntercept web -Port 8080:http, 5353:53/UDP -Address 127.0.0.2 -Container app -Service web `
            -HttpHeader 'X-User=me', 'X-Trace: a=b' -HttpPath /a, prefix:/b -Metadata ticket=7 -Plaintext -ToPod 5432 `
            -Mount /mnt/x:ro -Name mine -Session demo-default -TimeoutSeconds 90
        Get-FakeEngineNote engage | Should -Be ('Intercept|demo-default|mine|web|web|app|8080:http 5353:53/UDP|127.0.0.2|5432|' +
            'X-User=me X-Trace=a=b|/a prefix:/b|ticket=7|plaintext=True mounts=True /mnt/x ro=True  90')
    }

    It 'makes <Kind>' -ForEach @(
        @{ Kind = 'Replacement'; Script = { New-TelepresenceReplacement worker all -Mount none }; Note = 'Replacement|||worker|||all||||||plaintext=False mounts=False  ro=False  ' }
        @{ Kind = 'Ingest'; Script = { New-TelepresenceIngest worker -Container app -Mount :ro }; Note = 'Ingest|||worker||app|||||||plaintext=False mounts=True  ro=True  ' }
        @{ Kind = 'Wiretap'; Script = { New-TelepresenceWiretap worker 9000 -LocalMountPort 2222 }; Note = 'Wiretap|||worker|||9000||||||plaintext=False mounts=True  ro=False 2222 ' }
    ) {
        (& $Script).Kind | Should -Be $Kind
        Get-FakeEngineNote engage | Should -Be $Note
    }

    It 'takes workloads from the pipeline' {
        (Get-TelepresenceWorkload w* | New-TelepresenceIngest).Workload | Should -Be @('web', 'worker')
    }

    It 'takes a relative mount point as of this shell' {
        Push-Location $TestDrive
        try {
            $null = New-TelepresenceIngest web -Mount here
        }
        finally {
            Pop-Location
        }
        Get-FakeEngineNote engage | Should -BeLike "*mounts=True $((Get-Item $TestDrive).FullName)/here ro=False*"
    }

    It 'warns where volumes are not there' {
        $null = New-TelepresenceIngest web -Mount /broken -WarningVariable warnings -WarningAction SilentlyContinue
        $warnings[0].Message | Should -Be 'Volumes need sshfs.'
    }

    It 'writes the environment for <Syntax>, for the user alone' -ForEach @(
        @{ Syntax = 'sh:export'; Text = "export TP_DB=postgres://246.0.0.7/db`nexport TP_GREETING='it'\''s `$me'`n"; LeftOut = 1 }
        @{ Syntax = 'docker'; Text = "TP_DB=postgres://246.0.0.7/db`nTP_GREETING=it's `$me`ntp.dotted=1`n"; LeftOut = 0 }
    ) {
        $file = Join-Path $TestDrive web.env
        $null = New-TelepresenceIntercept web -EnvironmentFile $file -EnvironmentSyntax $Syntax -WarningVariable warnings -WarningAction SilentlyContinue
        Get-Content -Raw $file | Should -Be $Text
        $warnings.Count | Should -Be $LeftOut
        if (-not $IsWindows) {
            (Get-Item $file).UnixFileMode | Should -Be 'UserWrite, UserRead'
        }
    }

    It 'names who has the traffic' {
        $null = New-TelepresenceIntercept taken -ErrorVariable errors -ErrorAction SilentlyContinue
        $errors[0].FullyQualifiedErrorId | Should -BeLike 'EngagementConflict,*'
        $errors[0].CategoryInfo.Category | Should -Be 'ResourceBusy'
        "$($errors[0])" | Should -Match 'alice@laptop'
        $errors[0].ErrorDetails.RecommendedAction | Should -Be "New-TelepresenceWiretap 'taken'"
    }

    It 'refuses a header that is none before the cluster is asked' {
        { New-TelepresenceIntercept web -HttpHeader nothing -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidParameter,*'
        Join-Path $env:TELEPRESENCE_RUNTIME_DIR engage.txt | Should -Not -Exist
    }

    It 'does nothing with -WhatIf' {
        New-TelepresenceIntercept web -WhatIf | Should -BeNullOrEmpty
        Join-Path $env:TELEPRESENCE_RUNTIME_DIR engage.txt | Should -Not -Exist
    }
}

Describe 'Get- and Remove-TelepresenceEngagement' {
    It 'lists by name, kind and workload' {
        (Get-TelepresenceEngagement).Name | Should -Be @('web', 'worker')
        (Get-TelepresenceEngagement w?b).Name | Should -Be 'web'
        (Get-TelepresenceEngagement -Kind Ingest).Name | Should -Be 'worker'
        (Get-TelepresenceEngagement -Workload we*).Name | Should -Be 'web'
    }

    It 'names one that does not exist' {
        $null = Get-TelepresenceEngagement nothing -ErrorVariable errors -ErrorAction SilentlyContinue
        $errors[0].FullyQualifiedErrorId | Should -BeLike 'EngagementNotFound,*'
        $errors[0].TargetObject | Should -Be 'nothing'
    }

    It 'removes what comes down the pipeline' {
        Get-TelepresenceEngagement web | Remove-TelepresenceEngagement
        Get-FakeEngineNote removed | Should -Be 'demo-default|web'
    }

    It 'removes nothing with -WhatIf' {
        Remove-Item (Join-Path $env:TELEPRESENCE_RUNTIME_DIR removed.txt) -ErrorAction Ignore
        Remove-TelepresenceEngagement * -WhatIf
        Join-Path $env:TELEPRESENCE_RUNTIME_DIR removed.txt | Should -Not -Exist
    }

    It 'survives JSON' {
        $read = Get-TelepresenceEngagement web | ConvertTo-Json -Depth 4 | ConvertFrom-Json
        $read.Ports | Should -Be '8080:80/TCP'
        $read.Environment.TP_GREETING | Should -Be "it's `$me"
    }
}

Describe 'Uninstall-TelepresenceAgent' {
    It 'names workloads, or all' {
        Uninstall-TelepresenceAgent web, worker
        Get-FakeEngineNote uninstalled | Should -Be '|web worker'
        Uninstall-TelepresenceAgent -All -Session demo-default
        Get-FakeEngineNote uninstalled | Should -Be 'demo-default|'
    }
}

Describe 'Invoke-TelepresenceCommand' {
    It 'runs a script block with the environment and puts it back' {
        $Env:TP_DB = 'mine'
        try {
            Invoke-TelepresenceCommand web { param($a, $b) "$Env:TP_GREETING|$Env:TP_DB|$a$b" } 1 2 | Should -Be "it's `$me|postgres://246.0.0.7/db|12"
            $Env:TP_DB | Should -Be 'mine'
            $Env:TP_GREETING | Should -BeNullOrEmpty
        }
        finally {
            Remove-Item Env:TP_DB
        }
    }

    It 'runs a program with it and passes its arguments on' {
        Invoke-TelepresenceCommand web pwsh '-NoProfile' '-Command' '"$Env:TP_GREETING"' | Should -Be "it's `$me"
    }

    It 'takes an engagement from the pipeline' {
        Get-TelepresenceEngagement web | Invoke-TelepresenceCommand -ScriptBlock { $Env:TP_DB } | Should -Be 'postgres://246.0.0.7/db'
    }

    It 'writes on while the command runs' {
        Invoke-TelepresenceCommand web { 1; 2; throw 'never asked for' } | Select-Object -First 1 | Should -Be 1
        $Env:TP_DB | Should -BeNullOrEmpty
    }

    It 'puts the environment back when the command fails' {
        { Invoke-TelepresenceCommand web { throw 'oops' } } | Should -Throw 'oops'
        $Env:TP_DB | Should -BeNullOrEmpty
    }

    It 'says that there is no such engagement' {
        { Invoke-TelepresenceCommand nothing { 1 } } | Should -Throw -ErrorId 'EngagementNotFound,*'
    }
}

Describe 'Completion of engagements' {
    It 'offers workloads, ports and engagements' {
        Complete 'New-TelepresenceIntercept w' | Should -Be @('web', 'worker')
        Complete 'New-TelepresenceIntercept web -Port 9' | Should -BeNullOrEmpty
        Complete 'New-TelepresenceIntercept web -Port 8' | Should -Be '8080:http'
        Complete 'New-TelepresenceIntercept web -Port 9000:' | Should -Be @('9000:http', '9000:dns/UDP')
        Complete 'Remove-TelepresenceEngagement wo' | Should -Be 'worker'
        Complete 'Invoke-TelepresenceCommand we' | Should -Be 'web'
    }
}
