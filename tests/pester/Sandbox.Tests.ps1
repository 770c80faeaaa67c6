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
