# What users install: the package, from a repository, into a profile that has nothing yet.
BeforeAll {
    $module = Split-Path $env:TELEPRESENCE_MODULE
    $repository = (New-Item -ItemType Directory (Join-Path $TestDrive repository)).FullName
    $package = Join-Path $repository "Telepresence.$env:TELEPRESENCE_VERSION.nupkg"

    function New-Package($Path) {
        dotnet $env:TELEPRESENCE_MODULE_BUILDER pack $module $env:TELEPRESENCE_VERSION $Path
        if ($LASTEXITCODE -ne 0) { throw "pack ended with $LASTEXITCODE" }
    }
    # A shell of a user who has nothing but this home.
    function Invoke-Shell([scriptblock] $Script, [object[]] $Arguments) {
        & (Get-Process -Id $PID).Path -NoProfile -NonInteractive -Command $Script -args $Arguments
    }
    function Get-FileList($Folder) {
        (Get-ChildItem -Recurse -File $Folder).ForEach{ "$([IO.Path]::GetRelativePath($Folder, $_.FullName)) $((Get-FileHash $_.FullName).Hash)" } | Sort-Object
    }
    New-Package $package
}

Describe 'The package' {
    It 'is the module''s folder with its description, and the same bytes each time' {
        Expand-Archive $package (Join-Path $TestDrive unpacked)
        [xml] $description = Get-Content -Raw (Join-Path $TestDrive unpacked Telepresence.nuspec)
        $description.package.metadata.id | Should -Be 'Telepresence'
        $description.package.metadata.version | Should -Be $env:TELEPRESENCE_VERSION
        -split $description.package.metadata.tags | Should -Contain 'PSModule'
        Remove-Item -Recurse -Force -LiteralPath (Join-Path $TestDrive unpacked Telepresence.nuspec), (Join-Path $TestDrive unpacked _rels), (Join-Path $TestDrive unpacked '[Content_Types].xml')
        Get-FileList (Join-Path $TestDrive unpacked) | Should -Be (Get-FileList $module)

        New-Package (Join-Path $TestDrive again.nupkg)
        (Get-FileHash (Join-Path $TestDrive again.nupkg)).Hash | Should -Be (Get-FileHash $package).Hash
    }

    It 'has one version: of the build, of the module, of each assembly' {
        $files = Get-ChildItem -Recurse $module -Include 'Telepresence.*.dll'
        $files.Count | Should -BeGreaterThan 5
        $files.VersionInfo.FileVersion | Sort-Object -Unique | Should -Be "$env:TELEPRESENCE_VERSION.0"
        (Test-ModuleManifest $env:TELEPRESENCE_MODULE).Version | Should -Be $env:TELEPRESENCE_VERSION
    }

    Context 'installed' {
        BeforeAll {
            if (-not (Get-Module Microsoft.PowerShell.PSResourceGet -ListAvailable)) {
                $missing = 'this pwsh has no PSResourceGet'
            }
            else {
                $before = $env:HOME, $env:TELEPRESENCE_RUNTIME_DIR
                $env:HOME = (New-Item -ItemType Directory (Join-Path $TestDrive 'zu Häuse')).FullName
                # Short: a socket lies in it.
                $env:TELEPRESENCE_RUNTIME_DIR = (New-Item -ItemType Directory (Join-Path ([IO.Path]::GetTempPath()) "tp-$([guid]::NewGuid().ToString('N').Substring(0, 8))")).FullName
                chmod 700 $env:TELEPRESENCE_RUNTIME_DIR
                $installed = Invoke-Shell {
                    param($Repository)
                    $ErrorActionPreference = 'Stop'
                    Register-PSResourceRepository -Name local -Uri $Repository -Trusted
                    Install-PSResource Telepresence -Repository local
                    (Get-InstalledPSResource Telepresence).InstalledLocation
                } $repository
            }
        }

        AfterAll {
            if (-not $missing) {
                Remove-Item -Recurse -Force $env:TELEPRESENCE_RUNTIME_DIR -ErrorAction Ignore
                $env:HOME, $env:TELEPRESENCE_RUNTIME_DIR = $before
            }
        }

        BeforeEach {
            if ($missing) {
                Set-ItResult -Skipped -Because $missing
            }
        }

        It 'is complete, and found without an Import-Module' {
            $folder = Join-Path $installed Telepresence $env:TELEPRESENCE_VERSION
            $installed | Should -BeLike "$env:HOME*"
            (Get-FileList $folder) -notmatch '^PSGetModuleInfo\.xml ' | Should -Be (Get-FileList $module)
            $said = Invoke-Shell {
                (Test-TelepresenceConflict -PodSubnet 198.19.0.0/24).Subnet
                (Get-Module Telepresence).ModuleBase
                (Get-Help Connect-Telepresence -Examples | Out-String) -match 'Connect-Telepresence -Context prod'
                (Get-Help about_Telepresence_Pester | Out-String) -match 'BeRoutedByTelepresence'
            }
            $said | Should -Be @('198.19.0.0/24', $folder, $true, $true)
        }

        It 'connects from there, and brings no other assembly into the shell' -Tag Network {
            $said = Invoke-Shell {
                $ErrorActionPreference = 'Stop'
                $before = [AppDomain]::CurrentDomain.GetAssemblies().Location
                $null = Start-TelepresenceSandbox
                try {
                    $session = Connect-Telepresence -Sandbox
                    "$($session.State)"
                    (Get-Process -Id $session.EngineProcessId).CommandLine
                    $null = Resolve-TelepresenceName web.demo | Find-TelepresenceRoute
                    Disconnect-Telepresence
                }
                finally {
                    Stop-TelepresenceSandbox
                }
                $runtime = [Runtime.InteropServices.RuntimeEnvironment]::GetRuntimeDirectory()
                [AppDomain]::CurrentDomain.GetAssemblies().Location.Where{
                    $_ -and $_ -notin $before -and -not $_.StartsWith($PSHOME) -and -not $_.StartsWith($runtime)
                } | Split-Path -Leaf | Sort-Object
            }
            $said[0] | Should -Be 'Connected'
            # Plain, or compiled ahead for this system.
            $engine = [regex]::Escape((Join-Path $installed Telepresence $env:TELEPRESENCE_VERSION engine))
            $said[1] | Should -Match "$engine/([a-z]+-[a-z0-9]+/)?Telepresence\.Engine\.dll"
            $said[2..$said.Count] | Should -Be @('Telepresence.Client.dll', 'Telepresence.PowerShell.dll')
        }
    }
}
