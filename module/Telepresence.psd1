@{
    # The build writes the version of Directory.Build.props here.
    ModuleVersion        = '0.0.0'
    GUID                 = '6d0b3f0e-5c1e-4f39-9a0c-8f0f3b5b7a51'
    Author               = 'Telepresence for PowerShell'
    CompanyName          = 'Telepresence for PowerShell'
    Copyright            = '(c) Telepresence for PowerShell. See LICENSE.'
    Description          = 'Joins this machine to a Kubernetes cluster: its services and pods by name and address, on the network that is already here.'
    RootModule           = 'Telepresence.psm1'
    NestedModules        = @('Telepresence.PowerShell.dll')
    CompatiblePSEditions = @('Core')
    PowerShellVersion    = '7.6'
    FormatsToProcess     = @('Telepresence.format.ps1xml')
    CmdletsToExport      = @(
        'Connect-Telepresence'
        'ConvertFrom-TelepresenceVirtualAddress'
        'ConvertTo-TelepresenceVirtualAddress'
        'Disconnect-Telepresence'
        'Export-TelepresenceDiagnostic'
        'Find-TelepresenceRoute'
        'Get-TelepresenceConfiguration'
        'Get-TelepresenceConnection'
        'Get-TelepresenceContext'
        'Get-TelepresenceDnsQuery'
        'Get-TelepresenceEngagement'
        'Get-TelepresenceLog'
        'Get-TelepresenceNamespace'
        'Get-TelepresenceRoute'
        'Get-TelepresenceSession'
        'Get-TelepresenceSubnet'
        'Get-TelepresenceVirtualAddress'
        'Get-TelepresenceWorkload'
        'Install-TelepresenceManager'
        'Invoke-TelepresenceCommand'
        'Measure-Telepresence'
        'New-TelepresenceIngest'
        'New-TelepresenceIntercept'
        'New-TelepresenceReplacement'
        'New-TelepresenceWiretap'
        'Register-TelepresenceEvent'
        'Remove-TelepresenceEngagement'
        'Repair-Telepresence'
        'Resolve-TelepresenceName'
        'Set-TelepresenceConfiguration'
        'Set-TelepresenceLogLevel'
        'Show-TelepresenceRoute'
        'Start-TelepresenceSandbox'
        'Stop-TelepresenceConnection'
        'Stop-TelepresenceSandbox'
        'Test-TelepresenceConflict'
        'Trace-TelepresencePacket'
        'Uninstall-TelepresenceAgent'
        'Uninstall-TelepresenceManager'
        'Update-TelepresenceManager'
        'Wait-TelepresenceSession'
        'Watch-TelepresenceConnection'
    )
    FunctionsToExport    = @('Register-TelepresenceAssertion')
    AliasesToExport      = @()
    VariablesToExport    = @()
    PrivateData          = @{
        PSData = @{
            Tags = @('Kubernetes', 'Telepresence', 'VPN', 'Network', 'DNS', 'Linux', 'MacOS', 'Windows')
        }
    }
}
