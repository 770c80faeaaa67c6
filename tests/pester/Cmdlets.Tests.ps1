BeforeAll {
    . $PSScriptRoot/FakeEngine.ps1
    Import-Module $env:TELEPRESENCE_MODULE -Force
    $engine = Start-FakeEngine
}

AfterAll {
    Stop-FakeEngine $engine
}

Describe 'Connect-Telepresence' {
    It 'returns the session' {
        $session = Connect-Telepresence demo -Namespace shop -Name mine -MappedNamespace shop, web
        $session.PSTypeNames[0] | Should -Be 'Telepresence.Session'
        $session.Name | Should -Be 'mine'
        $session.Context | Should -Be 'demo'
        $session.Namespace | Should -Be 'shop'
        $session.MappedNamespaces | Should -Be @('shop', 'web')
        $session.State | Should -Be 'Connected'
    }

    It 'takes the kubeconfig that kubectl would take' {
        $env:KUBECONFIG = '/tmp/a:/tmp/b'
        try {
            $null = Connect-Telepresence
            (Get-FakeEngineNote connect).Split('|')[0] | Should -Be '/tmp/a:/tmp/b'
        }
        finally {
            $env:KUBECONFIG = $null
        }
        $null = Connect-Telepresence
        (Get-FakeEngineNote connect).Split('|')[0] | Should -Be "$HOME/.kube/config"
    }

    It 'makes a relative kubeconfig absolute from the location of the shell' {
        Push-Location $TestDrive
        try {
            $null = Connect-Telepresence -Kubeconfig ./here
            (Get-FakeEngineNote connect).Split('|')[0] | Should -Be (Join-Path $TestDrive here)
        }
        finally {
            Pop-Location
        }
    }

    It 'leaves resolving of conflicts to the configuration unless told' {
        $null = Connect-Telepresence
        (Get-FakeEngineNote connect).Split('|')[1] | Should -Be ''
        $null = Connect-Telepresence -NoAutoResolve
        (Get-FakeEngineNote connect).Split('|')[1] | Should -Be 'False'
    }

    It 'tells the stages with -Verbose' {
        $told = Connect-Telepresence -Verbose 4>&1 | Where-Object { $_ -is [Management.Automation.VerboseRecord] }
        ($told.Message -match '^Routes: waiting for Routes$').Count | Should -Be 1
    }

    It 'ends with an error of the catalogue that says what to do' {
        $thrown = $null
        try { Connect-Telepresence missing } catch { $thrown = $_ }
        $thrown.FullyQualifiedErrorId | Should -Be 'ContextNotFound,Telepresence.PowerShell.Sessions.ConnectTelepresenceCommand'
        $thrown.CategoryInfo.Category | Should -Be 'ObjectNotFound'
        $thrown.TargetObject | Should -Be 'missing'
        $thrown.ErrorDetails.RecommendedAction | Should -Be 'kubectl config get-contexts'
        $thrown.ToString() | Should -Match 'demo, prod'
    }

    It 'gives up after -TimeoutSeconds and tells what it waited for' {
        $thrown = $null
        try { Connect-Telepresence slow -TimeoutSeconds 0.5 } catch { $thrown = $_ }
        $thrown.FullyQualifiedErrorId | Should -BeLike 'Timeout,*'
        $thrown.ToString() | Should -Match 'waiting for'
        Wait-FakeEngineNote cancelled | Should -Be 'connect'
    }

    It 'stops at Ctrl+C and has the engine undo it' {
        Remove-Item (Join-Path $env:TELEPRESENCE_RUNTIME_DIR cancelled.txt), (Join-Path $env:TELEPRESENCE_RUNTIME_DIR connect.txt) -ErrorAction Ignore
        $shell = [powershell]::Create()
        try {
            $null = $shell.AddScript("Import-Module '$env:TELEPRESENCE_MODULE'; Connect-Telepresence slow").BeginInvoke()
            $null = Wait-FakeEngineNote connect
            $shell.Stop()
            $shell.InvocationStateInfo.State | Should -Be 'Stopped'
            Wait-FakeEngineNote cancelled | Should -Be 'connect'
        }
        finally {
            $shell.Dispose()
        }
    }

    It 'connects nothing with -WhatIf' {
        Remove-Item (Join-Path $env:TELEPRESENCE_RUNTIME_DIR connect.txt) -ErrorAction Ignore
        Connect-Telepresence -WhatIf | Should -BeNullOrEmpty
        Join-Path $env:TELEPRESENCE_RUNTIME_DIR connect.txt | Should -Not -Exist
    }

    It 'returns the plan with -WhatIf -PassThru' {
        $plan = Connect-Telepresence demo -WhatIf -PassThru
        $plan.PSTypeNames[0] | Should -Be 'Telepresence.ConnectPlan'
        $plan.IsPossible | Should -BeTrue
        $plan.Conflicts[0].ConflictingRoute | Should -Be '10.244.0.0/15'
    }

    It 'says that no sandbox runs when the plan is for one' {
        { Connect-Telepresence -Sandbox -WhatIf -PassThru } | Should -Throw -ErrorId 'SandboxUnavailable,*'
    }
}

Describe 'Sessions' {
    It 'lists them by name, by wildcard and all' {
        (Get-TelepresenceSession).Name | Should -Be 'demo-default'
        (Get-TelepresenceSession demo-default).Name | Should -Be 'demo-default'
        (Get-TelepresenceSession 'demo-*').Name | Should -Be 'demo-default'
        Get-TelepresenceSession 'other-*' | Should -BeNullOrEmpty
    }

    It 'names one that does not exist and goes on with the others' {
        $found = Get-TelepresenceSession nothing, demo-default -ErrorVariable errors -ErrorAction SilentlyContinue
        $found.Name | Should -Be 'demo-default'
        $errors[0].FullyQualifiedErrorId | Should -BeLike 'SessionNotFound,*'
        $errors[0].TargetObject | Should -Be 'nothing'
    }

    It 'waits for a state that is there already' {
        (Get-TelepresenceSession | Wait-TelepresenceSession -State Connected).Name | Should -Be 'demo-default'
    }

    It 'gives up waiting after -TimeoutSeconds' {
        { Wait-TelepresenceSession demo-default Failed -TimeoutSeconds 0.2 -ErrorAction Stop } |
            Should -Throw -ErrorId 'Timeout,*'
    }

    It 'disconnects from a pipeline' {
        Get-TelepresenceSession | Disconnect-Telepresence
        Get-FakeEngineNote disconnected | Should -Be 'demo-default'
    }

    It 'disconnects nothing with -WhatIf' {
        Remove-Item (Join-Path $env:TELEPRESENCE_RUNTIME_DIR disconnected.txt) -ErrorAction Ignore
        Disconnect-Telepresence -WhatIf
        Join-Path $env:TELEPRESENCE_RUNTIME_DIR disconnected.txt | Should -Not -Exist
    }

    It 'repairs and says what it removed' {
        (Repair-Telepresence).Kind | Should -Be 'Rule'
        Repair-Telepresence -WhatIf | Should -BeNullOrEmpty
    }
}

Describe 'Routes' {
    It 'have the names of NetRoute' {
        $route = Get-TelepresenceRoute 10.96.0.0/16
        $names = 'DestinationPrefix NextHop InterfaceAlias InterfaceIndex ifIndex InterfaceMetric ifMetric RouteMetric AddressFamily Protocol State Store PolicyStore TypeOfRoute ValidLifetime PreferredLifetime Session Origin Disposition ClusterPrefix Via Conflict'
        $names.Split(' ').Where{ $_ -notin $route.PSObject.Properties.Name } | Should -BeNullOrEmpty
        $route.ifIndex | Should -BeOfType uint
        $route.NextHop | Should -Be '0.0.0.0'
    }

    It 'are ours alone unless asked for all' {
        Get-TelepresenceRoute | Should -HaveCount 2
        Get-TelepresenceRoute -IncludeSystem | Should -HaveCount 3
        Get-TelepresenceRoute -DestinationPrefix '246.*' | Should -HaveCount 1
        Get-TelepresenceRoute -AddressFamily IPv6 | Should -BeNullOrEmpty
    }

    It 'go through CSV and JSON and back' {
        $routes = Get-TelepresenceRoute
        $csv = Join-Path $TestDrive r.csv
        $routes | Export-Csv $csv
        (Import-Csv $csv).DestinationPrefix | Should -Be $routes.DestinationPrefix
        $back = $routes | ConvertTo-Json | ConvertFrom-Json
        $back.ClusterPrefix | Should -Be $routes.ClusterPrefix
        $back[0].PSObject.Properties.Where{ $_.Value -is [Management.Automation.PSCustomObject] } | Should -BeNullOrEmpty
        Compare-Object $routes $routes | Should -BeNullOrEmpty
    }

    It 'bind to Get-NetRoute' {
        # The published parameter block of NetTCPIP's Get-NetRoute, as far as it takes pipeline input.
        function Get-NetRoute {
            [CmdletBinding()]
            param(
                [Parameter(Position = 0, ValueFromPipelineByPropertyName)] [string[]] $DestinationPrefix,
                [Parameter(ValueFromPipelineByPropertyName)] [Alias('ifIndex')] [uint[]] $InterfaceIndex,
                [Parameter(ValueFromPipelineByPropertyName)] [Alias('ifAlias')] [string[]] $InterfaceAlias,
                [Parameter(ValueFromPipelineByPropertyName)] [string[]] $NextHop,
                [Parameter(ValueFromPipelineByPropertyName)] [uint16[]] $RouteMetric,
                [Parameter(ValueFromPipelineByPropertyName)] [timespan[]] $ValidLifetime,
                [Parameter(ValueFromPipelineByPropertyName)] [timespan[]] $PreferredLifetime
            )
            process { [pscustomobject]@{ Index = $InterfaceIndex; Alias = $InterfaceAlias; Lifetime = $ValidLifetime } }
        }
        $bound = @(Get-TelepresenceRoute | Get-NetRoute)
        $bound[0].Index | Should -Be 7
        $bound[0].Alias | Should -Be 'tel0'
        $bound[0].Lifetime | Should -Be ([timespan]::MaxValue)
    }
}

Describe 'Find-TelepresenceRoute' {
    It 'takes addresses by pipeline and by position' {
        ('246.0.0.2', '203.0.113.1' | Find-TelepresenceRoute).IsTelepresence | Should -Be @($true, $false)
        Find-TelepresenceRoute 246.0.0.2, 203.0.113.1 | Should -HaveCount 2
        ([ipaddress]'246.0.0.2' | Find-TelepresenceRoute).ClusterAddress | Should -Be '10.244.0.2'
    }

    It 'takes what Get-NetTCPConnection writes' {
        $connection = [pscustomobject]@{ LocalAddress = '0.0.0.0'; RemoteAddress = '246.0.0.2'; RemotePort = [uint16]443; State = 'Established' }
        $decision = $connection | Find-TelepresenceRoute
        $decision.RemoteAddress | Should -Be '246.0.0.2'
        $decision.RemotePort | Should -Be 443
    }

    It 'takes what Resolve-TelepresenceName writes' {
        $decision = Resolve-TelepresenceName web.demo | Find-TelepresenceRoute
        $decision.RemoteAddress | Should -Be '246.0.0.2'
    }

    It 'takes what Resolve-DnsName writes' {
        ([pscustomobject]@{ Name = 'web'; IP4Address = '246.0.0.2' } | Find-TelepresenceRoute).IsTelepresence | Should -BeTrue
    }

    It 'says why, and why the others lost' {
        $decision = Find-TelepresenceRoute 246.0.0.2
        $decision.Reason | Should -Not -BeNullOrEmpty
        $decision.Candidates[0].LostBecause | Should -Match 'less specific'
        $decision.Route.DestinationPrefix | Should -Be '246.0.0.0/16'
    }

    It 'says only yes or no with Quiet' {
        Find-TelepresenceRoute 246.0.0.2 -InformationLevel Quiet | Should -BeTrue
        Find-TelepresenceRoute 203.0.113.1 -InformationLevel Quiet | Should -BeFalse
    }

    It 'goes on after what is no address' {
        $found = 'nonsense', '246.0.0.2' | Find-TelepresenceRoute -ErrorVariable errors -ErrorAction SilentlyContinue
        $found.RemoteAddress | Should -Be '246.0.0.2'
        $errors[0].FullyQualifiedErrorId | Should -BeLike 'InvalidAddress,*'
    }

    It 'ends with the pipeline that it feeds' {
        '246.0.0.2', '246.0.0.3' | Find-TelepresenceRoute | Select-Object -First 1 | Should -HaveCount 1
    }
}

Describe 'Show-TelepresenceRoute' {
    It 'draws what is where, and what was moved where' {
        $picture = Show-TelepresenceRoute
        $picture | Should -BeOfType ([string])
        $picture | Should -Match '(?m)^\s*10\.244\.0\.0/16 .*moved to 246\.0\.0\.0/16'
        $picture | Should -Match '(?m)^\s*246\.0\.0\.0/16 .*stands for 10\.244\.0\.0/16'
        ($picture -split '\r?\n' | Measure-Object Length -Maximum).Maximum | Should -BeLessOrEqual 100
    }

    It 'writes the file that its name asks for' {
        $svg = Show-TelepresenceRoute -Path (Join-Path $TestDrive 'ö map.svg')
        $svg | Should -BeOfType ([IO.FileInfo])
        ([xml](Get-Content -Raw -LiteralPath $svg.FullName)).svg.title | Should -Match 'demo-default'
        Get-Content -Raw -LiteralPath (Show-TelepresenceRoute -Path TestDrive:/map.html).FullName | Should -Match '^<!DOCTYPE html>'
    }

    It 'writes nothing with -WhatIf, and says which file it could not write' {
        Show-TelepresenceRoute -Path TestDrive:/none.svg -WhatIf
        'TestDrive:/none.svg' | Should -Not -Exist
        { Show-TelepresenceRoute -Path (Join-Path $TestDrive missing map.svg) -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidParameter,*'
    }

    It 'draws only the sessions that were named' {
        Show-TelepresenceRoute nobody* | Should -Not -Match 'moved to'
        { Show-TelepresenceRoute nobody -ErrorAction Stop } | Should -Throw -ErrorId 'SessionNotFound,*'
    }
}

Describe 'Test-TelepresenceConflict' {
    It 'writes one object a subnet' {
        $conflicts = Test-TelepresenceConflict
        $conflicts.Subnet | Should -Be @('10.244.0.0/16', '10.96.0.0/16')
        $conflicts[0].Owner | Should -Be 'WireGuard'
        $conflicts[0].Resolution | Should -Be 'Translate'
    }

    It 'tests subnets without a cluster' {
        (Test-TelepresenceConflict -PodSubnet 10.9.0.0/16)[0].Subnet | Should -Be '10.9.0.0/16'
    }

    It 'finds the blocking ones' {
        $blocking = Test-TelepresenceConflict -NoAutoResolve | Where-Object Severity -EQ Blocking
        $blocking.Recommendation | Should -Be 'Connect-Telepresence -Vnat 10.244.0.0/16'
        $blocking | Format-List | Out-String | Should -Match 'Recommendation'
        $blocking | Format-List | Out-String | Should -Match 'Refused: connect would end with SubnetConflict'
        $blocking.Alternatives | Should -HaveCount 3
        foreach ($command in $blocking.Alternatives) {
            $problems = $null
            $null = [Management.Automation.Language.Parser]::ParseInput($command, [ref] $null, [ref] $problems)
            $problems | Should -BeNullOrEmpty
        }
    }

    It 'answers with a bool: would a connect be refused?' {
        Test-TelepresenceConflict -Quiet | Should -BeFalse
        Test-TelepresenceConflict -NoAutoResolve -Quiet | Should -BeTrue
    }
}

Describe 'Subnets' {
    It 'are filtered by kind and taken from a session' {
        Get-TelepresenceSubnet | Should -HaveCount 2
        (Get-TelepresenceSubnet -Kind Pod).VirtualSubnet | Should -Be '246.0.0.0/16'
        Get-TelepresenceSession | Get-TelepresenceSubnet -Kind Pod, Service | Should -HaveCount 2
    }
}

Describe 'Contexts, namespaces and workloads' {
    It 'gets contexts, by name or wildcard' {
        $contexts = Get-TelepresenceContext
        $contexts[0].PSTypeNames[0] | Should -Be 'Telepresence.Context'
        $contexts.Where{ $_.IsCurrent }.Name | Should -Be 'demo'
        (Get-TelepresenceContext d*).Name | Should -Be @('demo', 'dev cluster')
        ('prod' | Get-TelepresenceContext).Server | Should -Be 'https://192.0.2.1:6443'
    }

    It 'gets the namespaces of a context' {
        (Get-TelepresenceNamespace -Context prod d*).Name | Should -Be @('default', 'demo')
        Get-FakeEngineNote namespaces | Should -Be 'prod'
    }

    It 'gets workloads with their agents' {
        $web = Get-TelepresenceWorkload web
        $web.PSTypeNames[0] | Should -Be 'Telepresence.Workload'
        $web.AgentState | Should -Be 'Intercepted'
        $web.Clients | Should -Be 'me@host'
        Get-FakeEngineNote workloads | Should -Be 'False|'
    }

    It 'asks the API server where a cluster is named, and each namespace that is piped' {
        (Get-TelepresenceWorkload -Context prod -Namespace demo, shop).Count | Should -Be 3
        Get-FakeEngineNote workloads | Should -Be 'True|demo shop'
        'demo', 'shop' | Get-TelepresenceWorkload w* | Should -HaveCount 4
        Get-FakeEngineNote workloads | Should -Be 'False|shop'
    }
}

Describe 'Virtual addresses' {
    It 'are listed, and found by either address' {
        Get-TelepresenceVirtualAddress | Should -HaveCount 2
        (Get-TelepresenceVirtualAddress 10.244.0.3).VirtualAddress | Should -Be '246.0.0.3'
        ('246.0.0.2' | Get-TelepresenceVirtualAddress).ClusterAddress | Should -Be '10.244.0.2'
    }

    It 'convert in both directions' {
        ('10.244.0.9' | ConvertTo-TelepresenceVirtualAddress).VirtualAddress | Should -Be '246.0.0.9'
        ('246.0.0.9' | ConvertFrom-TelepresenceVirtualAddress).ClusterAddress | Should -Be '10.244.0.9'
        (Get-TelepresenceConnection | ConvertFrom-TelepresenceVirtualAddress)[0].ClusterAddress | Should -Be '10.244.0.2'
    }

    It 'are an error where no session has the address' {
        { ConvertTo-TelepresenceVirtualAddress 192.0.2.1 -ErrorAction Stop } | Should -Throw -ErrorId 'AddressNotInSession,*'
    }
}

Describe 'DNS' {
    It 'resolves to what to connect to, with the real address beside it' {
        $record = Resolve-TelepresenceName web.demo -Type A | Where-Object Type -EQ A
        $record.IPAddress | Should -Be '246.0.0.2'
        $record.ClusterAddress | Should -Be '10.244.0.2'
    }

    It 'names what does not exist and goes on' {
        $records = 'nothing.demo', 'web.demo' | Resolve-TelepresenceName -ErrorVariable errors -ErrorAction SilentlyContinue
        $records | Should -HaveCount 2
        $errors[0].FullyQualifiedErrorId | Should -BeLike 'NameNotFound,*'
    }

    It 'shows recent queries' {
        (Get-TelepresenceDnsQuery -Last 2).Name | Should -Be @('web1.demo', 'web2.demo')
    }
}

Describe 'Connections' {
    It 'are filtered as Get-NetTCPConnection filters' {
        Get-TelepresenceConnection | Should -HaveCount 2
        (Get-TelepresenceConnection -RemotePort 443).LocalPort | Should -Be 40002
        Get-TelepresenceConnection 10.244.0.2 -State established | Should -HaveCount 2
        Get-TelepresenceConnection -Protocol Udp | Should -BeNullOrEmpty
    }

    It 'bind to Test-NetConnection' {
        # The published parameter block of NetTCPIP's Test-NetConnection, as far as it takes pipeline input.
        function Test-NetConnection {
            [CmdletBinding(DefaultParameterSetName = 'RemotePort')]
            param(
                [Parameter(Position = 0, ValueFromPipeline, ValueFromPipelineByPropertyName)] [Alias('RemoteAddress', 'cn')] [string] $ComputerName,
                [Parameter(Mandatory, ParameterSetName = 'RemotePort', ValueFromPipelineByPropertyName)] [Alias('RemotePort')] [int] $Port
            )
            process { "$ComputerName/$Port" }
        }
        Get-TelepresenceConnection | ForEach-Object { [pscustomobject]@{ RemoteAddress = $_.RemoteAddress; RemotePort = $_.RemotePort } } |
            Test-NetConnection | Should -Be @('246.0.0.2/80', '246.0.0.2/443')
    }

    It 'are stopped from a pipeline, and only those' {
        Get-TelepresenceConnection -RemotePort 443 | Stop-TelepresenceConnection
        Get-FakeEngineNote stopped | Should -Be '40002'
        Remove-Item (Join-Path $env:TELEPRESENCE_RUNTIME_DIR stopped.txt)
        Get-TelepresenceConnection | Stop-TelepresenceConnection -WhatIf
        Join-Path $env:TELEPRESENCE_RUNTIME_DIR stopped.txt | Should -Not -Exist
    }
}

Describe 'Completion' {
    BeforeAll {
        function Complete([string] $Line) {
            (TabExpansion2 $Line $Line.Length).CompletionMatches.CompletionText
        }
    }

    It 'knows contexts, and quotes where needed' {
        Complete 'Connect-Telepresence -Context ' | Should -Be @('demo', "'dev cluster'", 'prod')
        Complete 'Connect-Telepresence -Context de' | Should -Be @('demo', "'dev cluster'")
    }

    It 'knows namespaces' {
        Complete 'Connect-Telepresence -Namespace k' | Should -Be 'kube-system'
    }

    It 'knows sessions' {
        Complete 'Disconnect-Telepresence ' | Should -Be 'demo-default'
    }

    It 'knows workloads, also those that a subnet leaves through' {
        Complete 'Get-TelepresenceWorkload w' | Should -Be @('web', 'worker')
        Complete 'Connect-Telepresence -ProxyVia ' | Should -Be @('all=', 'service=', 'pods=', 'also=')
        Complete 'Connect-Telepresence -Namespace demo -Context prod -ProxyVia pods=w' | Should -Be @('pods=web', 'pods=worker')
        Get-FakeEngineNote workloads | Should -Be 'True|demo'
    }

    It 'knows symbols and subnets' {
        Complete 'Connect-Telepresence -Vnat ' | Should -Be @('all', 'service', 'pods', 'also', '10.96.0.0/16', '10.244.0.0/16')
    }
}

Describe 'Runspaces' {
    It 'work in parallel' {
        $names = 1..4 | ForEach-Object -Parallel {
            Import-Module $env:TELEPRESENCE_MODULE
            (Get-TelepresenceSession).Name
        }
        $names | Should -Be (@('demo-default') * 4)
    }
}
