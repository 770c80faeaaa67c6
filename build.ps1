<#
.SYNOPSIS
Builds, tests and packs the module.
.DESCRIPTION
Parallel to `dotnet build` and `dotnet test`, which suffice for the code: Build makes out/Telepresence/VERSION, Help
compiles docs/help into it, Test runs every test, Package makes out/Telepresence.VERSION.nupkg.
.EXAMPLE
./build.ps1 -Task Build,Test,Help,Package
#>
[CmdletBinding()]
param(
    # Build, Test, Help, Package. `pwsh -File` gives a list as one text.
    [ValidatePattern('^(Build|Test|Help|Package)(,(Build|Test|Help|Package))*$')]
    [string[]] $Task = 'Build',

    [ValidateSet('Debug', 'Release')]
    [string] $Configuration = 'Release'
)

$ErrorActionPreference = 'Stop'
Set-StrictMode -Version Latest

[xml] $properties = Get-Content -Raw (Join-Path $PSScriptRoot Directory.Build.props)
$version = $properties.SelectSingleNode('//VersionPrefix').InnerText
$output = Join-Path $PSScriptRoot out Telepresence $version

function Invoke-Dotnet {
    dotnet @args
    if ($LASTEXITCODE -ne 0) {
        throw "dotnet $($args[0]) ended with exit code $LASTEXITCODE"
    }
}

function Build {
    # Help is compiled along: the module is never without it.
    Invoke-Dotnet build (Join-Path $PSScriptRoot module Telepresence.Module.csproj) --configuration $Configuration "-p:ModuleOutput=$output"
}

function Test {
    Invoke-Dotnet test (Join-Path $PSScriptRoot Telepresence.slnx) --configuration $Configuration --logger 'console;verbosity=normal'
}

function Package {
    if (-not (Test-Path $output)) {
        Build
    }
    # Not Publish-PSResource, which not every pwsh has.
    $builder = Join-Path $PSScriptRoot build Telepresence.ModuleBuilder bin $Configuration net10.0 Telepresence.ModuleBuilder.dll
    Invoke-Dotnet $builder pack $output $version (Join-Path $PSScriptRoot out "Telepresence.$version.nupkg")
}

foreach ($step in $Task -split ',') {
    switch ($step) {
        'Build' { Build }
        'Help' { Build }
        'Test' { Test }
        'Package' { Package }
    }
}
