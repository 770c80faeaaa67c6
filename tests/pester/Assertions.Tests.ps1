# What users assert in suites of their own.
BeforeAll {
    . $PSScriptRoot/FakeEngine.ps1
    Import-Module $env:TELEPRESENCE_MODULE -Force
    $module = Split-Path $env:TELEPRESENCE_MODULE

    # Runs a script in a shell of its own, so that each has the modules that it loads and no others.
    function Invoke-Shell([scriptblock] $Script, [object[]] $Arguments) {
        & (Get-Process -Id $PID).Path -NoProfile -NonInteractive -Command $Script -args $Arguments
    }
    # The Pester that a machine has beside the one that runs this, or nothing.
    function Find-Pester([int] $Major) {
        $names = @('Pester', $env:TELEPRESENCE_TEST_PESTER, "/opt/pester$Major/Pester").Where{ $_ }
        (Get-Module $names -ListAvailable -ErrorAction Ignore).Where{ $_.Version.Major -eq $Major }.ForEach{ Join-Path $_.ModuleBase Pester.psd1 } | Select-Object -First 1
    }
}

Describe 'Assertions' {
    BeforeAll {
        $engine = Start-FakeEngine
    }

    AfterAll {
        Stop-FakeEngine $engine
    }

    It 'are there wherever Pester was loaded first' {
        (Get-ShouldOperator).Name | Should -Contain 'BeRoutedByTelepresence'
        (Get-ShouldOperator).Name | Should -Contain 'HaveNoTelepresenceConflict'
        (Get-ShouldOperator).Name | Should -Contain 'ResolveToVirtualAddress'
    }

    It 'accept addresses, ports, URLs and objects that go into the cluster' {
        '246.0.0.2', '246.0.0.3:443', 'http://246.0.0.3/x' | Should -BeRoutedByTelepresence
        [ipaddress]'246.0.0.2' | Should -BeRoutedByTelepresence -Session 'demo-*'
        [pscustomobject]@{ RemoteAddress = '246.0.0.2'; RemotePort = 443 } | Should -BeRoutedByTelepresence
        Get-TelepresenceConnection | Should -BeRoutedByTelepresence
        '203.0.113.1', 'http://203.0.113.1:8080/', 'localhost' | Should -Not -BeRoutedByTelepresence
        '246.0.0.2' | Should -Not -BeRoutedByTelepresence -Session other
    }

    It 'say which way an address goes instead, why it matters, and which command changes it' {
        { '203.0.113.1' | Should -BeRoutedByTelepresence -Because 'because it is ours' } | Should -Throw -ExpectedMessage (
            "Expected '203.0.113.1' to be routed by Telepresence because it is ours, but 203.0.113.1 takes the route 0.0.0.0/0 of " +
            'interface eth0; only the default route matches. To have it routed: Connect-Telepresence -AlsoProxy 203.0.113.1/32')
        { '246.0.0.2' | Should -Not -BeRoutedByTelepresence } | Should -Throw -ExpectedMessage (
            "Expected '246.0.0.2' not to be routed by Telepresence, but 246.0.0.2 takes the route 246.0.0.0/16 of interface tel0, " +
            "which is of session 'demo-default'. To leave it out: Connect-Telepresence -NeverProxy 246.0.0.2/32")
        { '246.0.0.2' | Should -BeRoutedByTelepresence -Session other } | Should -Throw -ExpectedMessage "*which is of session 'demo-default'*Get-TelepresenceRoute"
    }

    It 'judge a subnet, a context, a session, a plan and what a test wrote' {
        Get-TelepresenceSession | Should -HaveNoTelepresenceConflict
        '10.1.0.0/16', 'demo' | Should -HaveNoTelepresenceConflict -Severity Warning
        '10.1.0.0/16', 'demo' | Should -Not -HaveNoTelepresenceConflict
        Connect-Telepresence -WhatIf -PassThru | Should -HaveNoTelepresenceConflict -Severity Blocking
        Connect-Telepresence -WhatIf -PassThru | Should -Not -HaveNoTelepresenceConflict
        Test-TelepresenceConflict -NoAutoResolve | Where-Object Kind -EQ Service | Should -HaveNoTelepresenceConflict
    }

    It 'say what collides, with whom, what a connect does, and which command decides it' {
        { Test-TelepresenceConflict -NoAutoResolve | Where-Object Kind -EQ Pod | Should -HaveNoTelepresenceConflict -Severity Blocking } | Should -Throw -ExpectedMessage (
            "Expected '10.244.0.0/16' to have no conflict with this machine's routes, but 10.244.0.0/16 (Pod) overlaps 10.244.0.0/15 of " +
            'interface wg0 (WireGuard); a connect is refused. To decide it: Connect-Telepresence -Vnat 10.244.0.0/16')
        { 'demo' | Should -HaveNoTelepresenceConflict } | Should -Throw -ExpectedMessage '*a connect translates it to 246.0.0.0/16.*'
        { Get-TelepresenceSession | Should -Not -HaveNoTelepresenceConflict } | Should -Throw -ExpectedMessage '*to have a conflict*, but there is none.*Get-TelepresenceRoute -IncludeSystem'
    }

    It 'judge what a name leads to' {
        'web.demo' | Should -ResolveToVirtualAddress -Session demo-default
        { 'web.demo' | Should -Not -ResolveToVirtualAddress } | Should -Throw -ExpectedMessage "*but 246.0.0.2 stands for 10.244.0.2 in session*Test-TelepresenceConflict*"
    }

    It 'fail with what cannot be told, negated or not' {
        foreach ($nothing in $null, '') {
            { $nothing | Should -BeRoutedByTelepresence } | Should -Throw -ExpectedMessage '*there is no address*'
            { $nothing | Should -Not -BeRoutedByTelepresence } | Should -Throw -ExpectedMessage '*there is no address*'
            { $nothing | Should -HaveNoTelepresenceConflict } | Should -Throw -ExpectedMessage '*there is no context*'
            { $nothing | Should -Not -ResolveToVirtualAddress } | Should -Throw -ExpectedMessage '*there is no name*'
        }
        { 'nothing.demo' | Should -Not -ResolveToVirtualAddress } | Should -Throw -ExpectedMessage "*nothing.demo*To do: *"
        { '10.0.0.0/99' | Should -Not -BeRoutedByTelepresence } | Should -Throw -ExpectedMessage '*cannot be resolved on this machine*Resolve-TelepresenceName*'
    }

    It 'are given to a Pester that comes later, as often as asked' {
        $told = Invoke-Shell {
            param($Module)
            Import-Module $Module
            try { Register-TelepresenceAssertion } catch { "$($_.FullyQualifiedErrorId)|$($_.CategoryInfo.Category)|$($_.ErrorDetails.RecommendedAction)" }
            @(Get-Module Pester).Count
            Import-Module Pester
            Register-TelepresenceAssertion
            Register-TelepresenceAssertion
            '127.0.0.1' | Should -Not -BeRoutedByTelepresence
            Import-Module $Module -Force
            '127.0.0.1' | Should -Not -BeRoutedByTelepresence
            'asserted'
        } $env:TELEPRESENCE_MODULE
        $told | Should -Be @(
            'PesterNotLoaded,Register-TelepresenceAssertion|ResourceUnavailable|Import-Module Pester -MinimumVersion 5.5; Register-TelepresenceAssertion'
            0
            'asserted'
        )
    }
}

Describe 'The example suite' -Tag Network {
    BeforeAll {
        # Short: a socket lies in it.
        $env:TELEPRESENCE_RUNTIME_DIR = (New-Item -ItemType Directory (Join-Path ([IO.Path]::GetTempPath()) "tp-$([guid]::NewGuid().ToString('N').Substring(0, 8))")).FullName
        chmod 700 $env:TELEPRESENCE_RUNTIME_DIR

        function Invoke-ExampleSuite($Pester, $Data) {
            $said = Invoke-Shell {
                param($Modules, $Pester, $Suite, $Data)
                $PSStyle.OutputRendering = 'PlainText'
                $env:PSModulePath = "$Modules$([IO.Path]::PathSeparator)$env:PSModulePath"
                Import-Module $Pester
                $configuration = New-PesterConfiguration
                $configuration.Run.Container = New-PesterContainer -Path $Suite -Data $Data
                $configuration.Run.PassThru = $true
                $configuration.Output.Verbosity = 'None'
                $tests = (Invoke-Pester -Configuration $configuration 6>$null).Tests
                # What -WhatIf says to the host comes before.
                '---'
                foreach ($test in $tests) {
                    "$($test.Result): $($test.ExpandedName)"
                    $test.ErrorRecord | ForEach-Object { $_.Exception.Message }
                }
            } (Split-Path $module), $Pester, (Join-Path $module examples ClusterRouting.Tests.ps1), $Data
            @($said)[($said.IndexOf('---') + 1)..$said.Count].Where{ $_ }
        }
        $green = @(
            "Passed: finds nothing that refuses the cluster's subnets"
            'Passed: reaches web.demo through the cluster'
            'Passed: reaches http://web.demo/token through the cluster'
            'Passed: reaches tcp-echo.demo:7 through the cluster'
            'Passed: reaches web.demo at a virtual address'
            'Passed: leaves 127.0.0.1 where it was'
            'Passed: takes nothing from another network'
        )
    }

    AfterAll {
        Remove-Item -Recurse -Force $env:TELEPRESENCE_RUNTIME_DIR -ErrorAction Ignore
    }

    It 'passes against the sandbox as it is' {
        Invoke-ExampleSuite (Join-Path (Get-Module Pester).ModuleBase Pester.psd1) @{} | Should -Be $green
    }

    It 'passes in Pester 6' {
        $pester = Find-Pester 6
        if (-not $pester) {
            Set-ItResult -Skipped -Because 'there is no Pester 6 (TELEPRESENCE_TEST_PESTER names its folder)'
        }
        Invoke-ExampleSuite $pester @{} | Should -Be $green
    }

    It 'fails where the cluster is not as it says' {
        $said = Invoke-ExampleSuite (Join-Path (Get-Module Pester).ModuleBase Pester.psd1) @{
            Connect    = @{ Sandbox = $true }
            Reachable  = '192.0.2.77'
            Translated = 'web.demo'
            Elsewhere  = 'web.demo'
        }
        $said -match '^Failed: ' | Should -Be @(
            'Failed: reaches 192.0.2.77 through the cluster'
            'Failed: reaches web.demo at a virtual address'
            'Failed: leaves web.demo where it was'
        )
        $said -match 'there is no route to 192\.0\.2\.77; .*Connect-Telepresence -AlsoProxy 192\.0\.2\.77/32' | Should -HaveCount 1
        $said -match 'resolves to 10\.96\.\d+\.\d+, the address that it has in the cluster.*Connect-Telepresence -Vnat 10\.96\.\d+\.\d+/32' | Should -HaveCount 1
        $said -match '10\.96\.0\.0/16 of interface .*Connect-Telepresence -NeverProxy' | Should -HaveCount 1
    }
}
