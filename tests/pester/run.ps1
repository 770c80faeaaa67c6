<#
.SYNOPSIS
Runs the Pester suites of this folder and writes a JSON line for each It that ran or was left out.
#>
param(
    [Parameter(Mandatory)] [string] $Output,
    [string[]] $ExcludeTag = @()
)
$ErrorActionPreference = 'Stop'
$PSStyle.OutputRendering = 'PlainText'
Import-Module Pester -MinimumVersion 5.5
$configuration = New-PesterConfiguration
$configuration.Run.Path = $PSScriptRoot
$configuration.Run.PassThru = $true
$configuration.Output.Verbosity = 'None'
$configuration.Filter.ExcludeTag = $ExcludeTag
$result = Invoke-Pester -Configuration $configuration
$broken = $result.FailedContainers + $result.FailedBlocks
$lines = foreach ($test in $result.Tests) {
    $errors = @($test.ErrorRecord) + @($broken.Where{ $_.Path -eq $test.Block.Path -or $_ -eq $test.Block.Root }.ErrorRecord)
    [ordered]@{
        file    = [IO.Path]::GetFileName($test.ScriptBlock.File)
        name    = $test.Name
        result  = "$($test.Result)"
        message = ($errors.Where{ $_ } | ForEach-Object { "$($test.ExpandedName): $($_.DisplayErrorMessage ?? $_)" }) -join "`n"
    } | ConvertTo-Json -Compress
}
$lines += $result.FailedContainers | ForEach-Object {
    [ordered]@{ file = [IO.Path]::GetFileName("$($_.Item)"); name = '*'; result = 'Failed'; message = "$($_.ErrorRecord)" } | ConvertTo-Json -Compress
}
Set-Content -LiteralPath $Output -Value $lines
