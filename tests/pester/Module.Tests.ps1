BeforeDiscovery {
    $manifest = Import-PowerShellDataFile $env:TELEPRESENCE_MODULE
    $cmdlets = $manifest.CmdletsToExport + $manifest.FunctionsToExport
}

BeforeAll {
    Import-Module $env:TELEPRESENCE_MODULE -Force
    $manifest = Import-PowerShellDataFile $env:TELEPRESENCE_MODULE
}

Describe 'The module' {
    It 'exports exactly what its assembly holds' {
        $held = [AppDomain]::CurrentDomain.GetAssemblies().Where{ $_.GetName().Name -eq 'Telepresence.PowerShell' }.GetTypes().ForEach{
            $cmdlet = $_.GetCustomAttributes([Management.Automation.CmdletAttribute], $false)
            if ($cmdlet) { "$($cmdlet.VerbName)-$($cmdlet.NounName)" }
        } | Sort-Object
        ($manifest.CmdletsToExport | Sort-Object) | Should -Be $held
        $commands = Get-Command -Module Telepresence
        $commands.Where{ $_.CommandType -eq 'Cmdlet' }.Name | Sort-Object | Should -Be $held
        $commands.Where{ $_.CommandType -ne 'Cmdlet' }.Name | Should -Be $manifest.FunctionsToExport
        (Get-Module Telepresence).ExportedVariables.Count | Should -Be 0
        (Get-Module Telepresence).ExportedAliases.Count | Should -Be 0
    }

    It 'carries the version of the build' {
        (Get-Module Telepresence).Version | Should -Be ([version]$env:TELEPRESENCE_VERSION)
    }

    It 'passes Test-ModuleManifest' {
        Test-ModuleManifest $env:TELEPRESENCE_MODULE -ErrorAction Stop | Should -Not -BeNullOrEmpty
    }

    It 'brings no assembly but its own into the process' {
        $loaded = & (Get-Process -Id $PID).Path -NoProfile -Command {
            param($Module)
            $before = [AppDomain]::CurrentDomain.GetAssemblies().Location
            Import-Module $Module
            $null = Get-TelepresenceSession
            $runtime = [Runtime.InteropServices.RuntimeEnvironment]::GetRuntimeDirectory()
            [AppDomain]::CurrentDomain.GetAssemblies().Location.Where{
                $_ -and $_ -notin $before -and -not $_.StartsWith($PSHOME) -and -not $_.StartsWith($runtime)
            } | Split-Path -Leaf
        } -args $env:TELEPRESENCE_MODULE
        $loaded | Sort-Object | Should -Be @('Telepresence.Client.dll', 'Telepresence.PowerShell.dll')
    }

    It 'imports and unloads in strict mode' {
        $count = & (Get-Process -Id $PID).Path -NoProfile -Command {
            param($Module)
            Set-StrictMode -Version Latest
            $ErrorActionPreference = 'Stop'
            Import-Module $Module
            $null = Get-TelepresenceSession
            Remove-Module Telepresence
            @(Get-Module Telepresence).Count
        } -args $env:TELEPRESENCE_MODULE
        $count | Should -Be 0
    }

    It 'finds its engine in a folder with spaces and letters beyond ASCII' {
        $folder = Join-Path $TestDrive 'Mödule für alle' Telepresence
        $null = New-Item -ItemType Directory (Split-Path $folder)
        Copy-Item -Recurse (Split-Path $env:TELEPRESENCE_MODULE) $folder
        # Short: the engine's socket lies in it.
        $runtime = Join-Path ([IO.Path]::GetTempPath()) "tp-$([guid]::NewGuid().ToString('N').Substring(0, 8))"
        $subnet = & (Get-Process -Id $PID).Path -NoProfile -Command {
            param($Module, $Runtime)
            $env:TELEPRESENCE_RUNTIME_DIR = $Runtime
            Import-Module $Module
            (Test-TelepresenceConflict -PodSubnet 198.19.0.0/24).Subnet
        } -args $folder, $runtime
        Remove-Item -Recurse -Force $runtime
        $subnet | Should -Be '198.19.0.0/24'
    }

    It 'does not load Pester' {
        $loaded = & (Get-Process -Id $PID).Path -NoProfile -Command {
            param($Module)
            Import-Module $Module
            @(Get-Module Pester).Count
        } -args $env:TELEPRESENCE_MODULE
        $loaded | Should -Be 0
    }
}

Describe 'Help' {
    It 'is there for <_> with an example' -ForEach $cmdlets {
        $help = Get-Help $_ -Full
        # Without help, PowerShell shows the syntax as synopsis.
        $help.Synopsis | Should -Not -BeLike "*$_ *"
        $help.Synopsis | Should -Not -BeNullOrEmpty
        $help.description.Text | Should -Not -BeNullOrEmpty
        @($help.examples.example).Count | Should -BeGreaterThan 0
        @($help.examples.example)[0].code | Should -Match $_
    }

    It 'describes every parameter of <_>' -ForEach $cmdlets {
        $common = [Management.Automation.Cmdlet]::CommonParameters + [Management.Automation.Cmdlet]::OptionalCommonParameters
        $own = (Get-Command $_).Parameters.Keys.Where{ $_ -notin $common }
        $described = @((Get-Help $_ -Full).parameters.parameter | Where-Object { $_.description.Text }).name
        $own.Where{ $_ -notin $described } | Should -BeNullOrEmpty
        $described.Where{ $_ -notin $own -and $_ -notin $common } | Should -BeNullOrEmpty
    }

    It 'has the topic <_>' -ForEach 'about_Telepresence', 'about_Telepresence_Vnat', 'about_Telepresence_Conflicts', 'about_Telepresence_DNS', 'about_Telepresence_Manager', 'about_Telepresence_Engagements', 'about_Telepresence_Pester', 'about_Telepresence_Errors' {
        Get-Help $_ | Out-String | Should -Match $_
    }

    It 'explains every error id' {
        $topic = Get-Content -Raw (Join-Path (Split-Path $env:TELEPRESENCE_MODULE) en-US/about_Telepresence_Errors.help.txt)
        $ids = [Enum]::GetNames([Telepresence.Client.Errors.ErrorId])
        $ids.Count | Should -BeGreaterThan 40
        $ids.Where{ $topic -notmatch "(?m)^    $_  \(" } | Should -BeNullOrEmpty
        $topic.Split("`n").Where{ $_.Length -gt 120 } | Should -BeNullOrEmpty
    }
}
