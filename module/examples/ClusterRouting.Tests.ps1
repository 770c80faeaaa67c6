#requires -PSEdition Core
#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.5' }
<#
.SYNOPSIS
Checks, in a pipeline, that this machine reaches the cluster, and that everything else goes where it went before.
.DESCRIPTION
Runs as it is against the embedded sandbox. Copy it, and change the defaults below, or give others:

    $data = @{ Connect = @{ Context = 'staging' }; Reachable = 'api.shop', 'db.shop:5432'; Elsewhere = 'git.example.com' }
    Invoke-Pester -Container (New-PesterContainer ./ClusterRouting.Tests.ps1 -Data $data) -CI

Connecting takes network privilege: run it as root, or where sudo asks for no password.
#>
param(
    # Parameters of Connect-Telepresence.
    [hashtable] $Connect = @{ Sandbox = $true; Vnat = 'all' },
    # Names, addresses, HOST:PORT or URLs that must go into the cluster.
    [string[]] $Reachable = @('web.demo', 'http://web.demo/token', 'tcp-echo.demo:7'),
    # Names that must lead to virtual addresses: those of subnets that a VPN has, too, or that -Vnat names.
    [string[]] $Translated = @('web.demo'),
    # What must stay where it is: hosts of the VPN, the registry, the proxy.
    [string[]] $Elsewhere = @('127.0.0.1')
)

BeforeAll {
    Import-Module Telepresence
    if ($Connect.Sandbox) {
        $sandbox = Start-TelepresenceSandbox
    }
}

AfterAll {
    if ($sandbox) {
        Stop-TelepresenceSandbox
    }
}

Describe 'Before connecting' {
    It 'finds nothing that refuses the cluster''s subnets' {
        Connect-Telepresence @Connect -WhatIf -PassThru | Should -HaveNoTelepresenceConflict -Severity Blocking
    }
}

Describe 'Connected' {
    BeforeAll {
        $session = Connect-Telepresence @Connect
    }

    AfterAll {
        $session | Disconnect-Telepresence
    }

    It 'reaches <_> through the cluster' -ForEach $Reachable {
        $_ | Should -BeRoutedByTelepresence -Session $session.Name
    }

    It 'reaches <_> at a virtual address' -ForEach $Translated {
        $_ | Should -ResolveToVirtualAddress
    }

    It 'leaves <_> where it was' -ForEach $Elsewhere {
        $_ | Should -Not -BeRoutedByTelepresence
    }

    It 'takes nothing from another network' {
        $session | Should -HaveNoTelepresenceConflict -Severity Warning
    }
}
