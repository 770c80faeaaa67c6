# The module with its own engine and its own sandbox, on a real network interface. Runs only in the network namespace
# that the runner makes for it.
BeforeAll {
    $links = @(ip -j link show | ConvertFrom-Json)
    if (-not $env:TELEPRESENCE_TEST_NAMESPACE -or $links.Count -ne 1) {
        throw 'these tests change routes: they run in a namespace of their own only'
    }
    Import-Module $env:TELEPRESENCE_MODULE -Force
    # Short: a socket lies in it. Not below $TestDrive, whose length depends on the machine.
    $env:TELEPRESENCE_RUNTIME_DIR = (New-Item -ItemType Directory (Join-Path ([IO.Path]::GetTempPath()) "tp-$([guid]::NewGuid().ToString('N').Substring(0, 8))")).FullName
    chmod 700 $env:TELEPRESENCE_RUNTIME_DIR
    $env:KUBECONFIG = $null

    # A VPN that covers the sandbox's services, and the name server behind it. Nobody answers there.
    function Invoke-Ip { ip @args; if ($LASTEXITCODE -ne 0) { throw "ip $args" } }
    Invoke-Ip link add vpn0 type veth peer name vpn0far
    # Without IPv6, whose routes would come some time after the links.
    sysctl -qw net.ipv6.conf.vpn0.disable_ipv6=1 net.ipv6.conf.vpn0far.disable_ipv6=1
    Invoke-Ip link set vpn0far up
    Invoke-Ip link set vpn0 up
    Invoke-Ip address add 192.0.2.1/24 dev vpn0
    Invoke-Ip route add 10.96.0.0/12 via 192.0.2.254 dev vpn0
    $resolv = Join-Path $TestDrive resolv.conf
    Set-Content $resolv 'nameserver 192.0.2.53'
    mount --bind $resolv /etc/resolv.conf
    if ($LASTEXITCODE -ne 0) { throw 'mount' }

    # What the machine's own programs say of its network.
    function Get-MachineState {
        (ip -o link show) -replace ' state \S+' -replace '<.*?>' -replace '^\d+: '
        (ip -o address show) -replace '^\d+: '
        ip route show table all
        ip -6 route show table all
        ip rule show
        ip -6 rule show
        Get-Content /etc/resolv.conf
    }
    # What is other than before: nothing.
    function Get-MachineChange { Compare-Object $before (Get-MachineState) | ForEach-Object { "$($_.SideIndicator) $($_.InputObject)" } }
    function Get-EngineProcess { @(Get-Process dotnet -ErrorAction Ignore).Where{ $_.CommandLine -match 'Telepresence\.Engine\.dll engine --directory' } }
    # The engine ends by itself soon after its last session.
    function Wait-EngineEnd {
        foreach ($process in Get-EngineProcess) {
            if (-not $process.WaitForExit(60000)) { throw "engine $($process.Id) still runs" }
        }
    }
    function Get-Table($Objects) {
        $text = $Objects | Format-Table | Out-String -Width 100
        [Management.Automation.Internal.StringDecorated]::new($text).ToString('PlainText').Split("`n").TrimEnd()
    }
    $before = Get-MachineState
    $sandbox = Start-TelepresenceSandbox
}

AfterAll {
    if (Get-Module Telepresence) {
        Get-TelepresenceSession | Disconnect-Telepresence
        Stop-TelepresenceSandbox -ErrorAction Ignore
    }
    umount /etc/resolv.conf
    ip link delete vpn0
    Remove-Item -Recurse -Force $env:TELEPRESENCE_RUNTIME_DIR -ErrorAction Ignore
    $env:TELEPRESENCE_RUNTIME_DIR = $null
}

Describe 'Before a connect' -Tag Network {
    It 'starts a sandbox that kubectl can use' {
        $sandbox.PSTypeNames[0] | Should -Be 'Telepresence.Sandbox'
        $sandbox.Kubeconfig | Should -Exist
        (Get-Process -Id $sandbox.ProcessId).CommandLine | Should -Match 'Telepresence\.Sandbox\.dll'
        if (-not (Get-Command kubectl -ErrorAction Ignore)) {
            Set-ItResult -Skipped -Because 'there is no kubectl'
        }
        kubectl --kubeconfig $sandbox.Kubeconfig get service web --namespace demo --output name | Should -Be 'service/web'
    }

    It 'tells the conflict with the VPN, and how it would be resolved' {
        $conflicts = Test-TelepresenceConflict -Kubeconfig $sandbox.Kubeconfig
        $service = $conflicts.Where{ $_.Kind -eq 'Service' }
        $service.ConflictingRoute | Should -Match '10\.96\.0\.0/12'
        $service.InterfaceAlias | Should -Be 'vpn0'
        $service.Resolution | Should -Be 'Translate'
        $service.VirtualSubnet | Should -Match '^246\.'
        $conflicts.Where{ $_.Kind -eq 'Pod' }.ConflictingRoute | Should -BeNullOrEmpty
        Test-TelepresenceConflict -Kubeconfig $sandbox.Kubeconfig -Quiet | Should -BeFalse
    }

    It 'finds what would be refused, with a command that avoids it' {
        $blocking = @(Test-TelepresenceConflict -Kubeconfig $sandbox.Kubeconfig -NoAutoResolve | Where-Object Severity -EQ Blocking)
        $blocking.Subnet | Should -Be '10.96.0.0/16'
        $blocking.Recommendation | Should -Match '^Connect-Telepresence '
        $blocking | Format-List | Out-String | Should -Match 'vpn0'
        Test-TelepresenceConflict -Kubeconfig $sandbox.Kubeconfig -NoAutoResolve -Quiet | Should -BeTrue
    }

    It 'refuses to connect over the VPN when told not to resolve' {
        { Connect-Telepresence -Sandbox -NoAutoResolve } | Should -Throw -ErrorId 'SubnetConflict,*'
        Get-MachineChange | Should -BeNullOrEmpty
    }

    It 'plans a connect without changing anything' {
        $plan = Connect-Telepresence -Sandbox -Vnat all -WhatIf -PassThru
        $plan.PSTypeNames[0] | Should -Be 'Telepresence.ConnectPlan'
        $plan.IsPossible | Should -BeTrue
        $plan.Namespace | Should -Be 'demo'
        $plan.Subnets.Where{ $_.Kind -eq 'Service' }.Disposition | Should -Be 'Translated'
        "$($plan.Routes)" | Should -Match '^246\.\S+$'
        Get-TelepresenceSession | Should -BeNullOrEmpty
        Get-MachineChange | Should -BeNullOrEmpty
    }

    It 'asks the kernel for a route without a session' {
        $decision = Find-TelepresenceRoute 10.96.0.10
        $decision.InterfaceAlias | Should -Be 'vpn0'
        $decision.IsTelepresence | Should -BeFalse
        $decision.NextHop | Should -Be '192.0.2.254'
    }

    It 'ends with <Id> for <Name>, as the catalogue says' -ForEach @(
        @{ Id = 'ContextNotFound'; Name = 'an unknown context'; Category = 'ObjectNotFound'; Target = 'nowhere'; Action = '^kubectl config get-contexts'
            Do = { Connect-Telepresence nowhere -Kubeconfig $sandbox.Kubeconfig } }
        @{ Id = 'KubeconfigNotFound'; Name = 'no kubeconfig'; Category = 'ObjectNotFound'; Target = '/nowhere/config'; Action = '^Connect-Telepresence -Sandbox'
            Do = { Connect-Telepresence -Kubeconfig /nowhere/config } }
        @{ Id = 'UnknownSymbol'; Name = 'an unknown symbol'; Category = 'InvalidArgument'; Target = 'everything'; Action = '^Get-Help Connect-Telepresence -Parameter Vnat'
            Do = { Connect-Telepresence -Sandbox -Vnat everything } }
        @{ Id = 'InvalidCidr'; Name = 'a malformed subnet'; Category = 'InvalidArgument'; Target = '10.0.0.0/99'; Action = '^Get-Help Connect-Telepresence -Parameter NeverProxy'
            Do = { Connect-Telepresence -Sandbox -NeverProxy 10.0.0.0/99 } }
        @{ Id = 'VirtualSubnetOverlaps'; Name = 'a virtual subnet that the VPN has'; Category = 'InvalidArgument'; Target = '10.100.0.0/16'; Action = '^Get-TelepresenceRoute -IncludeSystem'
            Do = { Connect-Telepresence -Sandbox -Vnat all -VirtualSubnet 10.100.0.0/16 } }
        @{ Id = 'InvalidProxyVia'; Name = 'a subnet without a workload'; Category = 'InvalidArgument'; Target = 'all='; Action = '^Get-Help Connect-Telepresence -Parameter ProxyVia'
            Do = { Connect-Telepresence -Sandbox -ProxyVia all= } }
        @{ Id = 'ClusterUnreachable'; Name = 'an API server that is not there'; Category = 'ConnectionError'; Target = 'https://127.0.0.1:1/'; Action = '^kubectl cluster-info'
            Do = { Connect-Telepresence -Kubeconfig $sandbox.Kubeconfig -Server https://127.0.0.1:1 } }
        @{ Id = 'ManagerNotFound'; Name = 'no traffic-manager'; Category = 'ObjectNotFound'; Target = $null; Action = '^kubectl get '
            Do = { Connect-Telepresence -Sandbox -ManagerNamespace other } }
    ) {
        $thrown = $null
        try { & $Do } catch { $thrown = $_ }
        $thrown.FullyQualifiedErrorId | Should -Be "$Id,Telepresence.PowerShell.Sessions.ConnectTelepresenceCommand"
        $thrown.CategoryInfo.Category | Should -Be $Category
        if ($Target) { "$($thrown.TargetObject)" | Should -Be $Target }
        $thrown.ErrorDetails.RecommendedAction | Should -Match $Action
        Get-MachineChange | Should -BeNullOrEmpty
    }

    It 'gives up in time when the API server does not answer' {
        $watch = [Diagnostics.Stopwatch]::StartNew()
        # Nobody is behind the VPN's route.
        { Connect-Telepresence -Kubeconfig $sandbox.Kubeconfig -Server https://10.96.0.1:443 -TimeoutSeconds 1.5 } |
            Should -Throw -ErrorId 'Timeout,*'
        $watch.Elapsed.TotalSeconds | Should -BeLessThan 30
        Get-MachineChange | Should -BeNullOrEmpty
    }
}

Describe 'Connected' -Tag Network {
    BeforeAll {
        $connecting = [powershell]::Create()
        $null = $connecting.AddScript("Import-Module '$env:TELEPRESENCE_MODULE'; Connect-Telepresence -Sandbox -Vnat all")
        $session = $connecting.Invoke()[0]
        $progress = @($connecting.Streams.Progress)
        $faults = @($connecting.Streams.Error)
        $connecting.Dispose()
        $web = (Resolve-TelepresenceName web.demo -Type A)[0]
    }

    AfterAll {
        Get-TelepresenceSession | Disconnect-Telepresence
    }

    It 'shows its progress stage by stage' {
        $faults | Should -BeNullOrEmpty
        $told = $progress.Where{ $_.Activity -eq 'Connecting' }
        $told.StatusDescription -match 'traffic-manager' | Should -Not -BeNullOrEmpty
        $told.StatusDescription -match 'routes' | Should -Not -BeNullOrEmpty
        $percent = $told.Where{ $_.RecordType -eq 'Processing' }.PercentComplete
        $percent | Should -Be ($percent | Sort-Object)
        $told[-1].RecordType | Should -Be 'Completed'
    }

    It 'is a session that any shell of the user sees' {
        $session.State | Should -Be 'Connected'
        $seen = Get-TelepresenceSession
        $seen.Name | Should -Be 'telepresence-sandbox-demo'
        $seen.Namespace | Should -Be 'demo'
        $seen.ManagerVersion | Should -Match '^v\d'
        $seen.VirtualSubnet | Should -Match '^246\.'
        (& (Get-Process -Id $PID).Path -NoProfile -Command "Import-Module '$env:TELEPRESENCE_MODULE'; (Get-TelepresenceSession).State") | Should -Be 'Connected'
        ip -o link show $seen.InterfaceAlias | Should -Match 'UP'
    }

    It 'returns the session again for the same settings, and refuses others' {
        (Connect-Telepresence -Sandbox -Vnat all).Since | Should -Be (Get-TelepresenceSession).Since
        $thrown = $null
        try { Connect-Telepresence -Sandbox -Vnat pods } catch { $thrown = $_ }
        $thrown.FullyQualifiedErrorId | Should -BeLike 'SessionExistsWithOtherSettings,*'
        $thrown.CategoryInfo.Category | Should -Be 'ResourceExists'
        $thrown.TargetObject | Should -Be 'telepresence-sandbox-demo'
        $thrown.ToString() | Should -Match 'Vnat'
        $thrown.ErrorDetails.RecommendedAction | Should -Match '^Disconnect-Telepresence'
    }

    It 'is waited for, from the pipeline, and no longer than asked' {
        (Get-TelepresenceSession | Wait-TelepresenceSession -State Connected).State | Should -Be 'Connected'
        { Wait-TelepresenceSession telepresence-sandbox-demo Failed -TimeoutSeconds 0.2 -ErrorAction Stop } | Should -Throw -ErrorId 'Timeout,*'
        { Wait-TelepresenceSession nothing -TimeoutSeconds 5 -ErrorAction Stop } | Should -Throw -ErrorId 'SessionNotFound,*'
    }

    It 'lists its subnets' {
        $subnets = Get-TelepresenceSession | Get-TelepresenceSubnet
        $subnets.Where{ $_.Kind -eq 'Service' }.Subnet | Should -Be '10.96.0.0/16'
        $subnets.Where{ $_.Kind -eq 'Service' }.VirtualSubnet | Should -Match '^246\.'
        (Get-TelepresenceSubnet -Kind Pod).Disposition | Should -Be 'Translated'
    }

    It 'lists the routes that the kernel has' {
        $route = Get-TelepresenceRoute -DestinationPrefix '246.*'
        $route.Origin | Should -Be 'Virtual'
        $route.Disposition | Should -Be 'Translated'
        ip route show $route.DestinationPrefix | Should -Match "dev $($route.InterfaceAlias)"
        (ip -j link show $route.InterfaceAlias | ConvertFrom-Json).ifindex | Should -Be $route.ifIndex
        (Get-TelepresenceRoute -IncludeSystem).Where{ $_.DestinationPrefix -eq '10.96.0.0/12' }.NextHop | Should -Be '192.0.2.254'
    }

    It 'draws them, with the VPN that was in the way' {
        $picture = Show-TelepresenceRoute
        $picture | Should -Match '(?m)^\s*10\.96\.0\.0/12 '
        $picture | Should -Match '(?m)^\s*10\.96\.0\.0/16 .*moved to 246\.'
    }

    It 'tells where the address of a moved service is' {
        $real = (Resolve-TelepresenceName web.demo).ClusterAddress
        $decision = Find-TelepresenceRoute $real
        $decision.IsTelepresence | Should -BeFalse
        $decision.VirtualAddress | Should -Be (Resolve-TelepresenceName web.demo).IPAddress
        $decision | Format-Table | Out-String -Width 100 | Should -Match ([regex]::Escape("at $($decision.VirtualAddress)"))
    }

    It 'has routes that go through CSV and JSON and back' {
        $routes = @(Get-TelepresenceRoute)
        $csv = Join-Path $TestDrive r.csv
        Get-TelepresenceRoute | Export-Csv $csv
        $read = @(Import-Csv $csv)
        $read.DestinationPrefix | Should -Be $routes.DestinationPrefix
        $read.ClusterPrefix | Should -Be $routes.ClusterPrefix
        $back = @(Get-TelepresenceRoute | ConvertTo-Json | ConvertFrom-Json)
        $back.InterfaceAlias | Should -Be $routes.InterfaceAlias
        $back[0].PSObject.Properties.Where{ $_.Value -is [Management.Automation.PSCustomObject] } | Should -BeNullOrEmpty
    }

    It 'feeds its routes to Get-NetRoute' {
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
            process { "$DestinationPrefix $InterfaceIndex $InterfaceAlias $NextHop" }
        }
        $route = Get-TelepresenceRoute -DestinationPrefix '246.*'
        $route | Get-NetRoute | Should -Be "$($route.DestinationPrefix) $($route.ifIndex) $($route.InterfaceAlias) 0.0.0.0"
    }

    It 'resolves a name to what to connect to, with the real address beside it' {
        $web.IPAddress | Should -Match '^246\.'
        $web.ClusterAddress | Should -Match '^10\.96\.'
        $web.Session | Should -Be 'telepresence-sandbox-demo'
        (getent ahostsv4 web.demo)[0].Split(' ')[0] | Should -Be $web.IPAddress
    }

    It 'resolves a short name of its namespace, and types other than addresses' {
        (Resolve-TelepresenceName web -Type A).IPAddress | Should -Be $web.IPAddress
        (Resolve-TelepresenceName info.demo -Type TXT).Strings | Should -Be 'telepresence sandbox'
        (Resolve-TelepresenceName _http._tcp.web.demo -Type SRV).Port | Should -Contain 80
    }

    It 'names a name that does not exist and goes on' {
        $found = 'nothing.demo', 'web.demo' | Resolve-TelepresenceName -Type A -ErrorVariable errors -ErrorAction SilentlyContinue
        $found.IPAddress | Should -Be $web.IPAddress
        $errors[0].FullyQualifiedErrorId | Should -BeLike 'NameNotFound,*'
        $errors[0].TargetObject | Should -Be 'nothing.demo'
    }

    It 'finds routes of addresses from the pipeline' {
        $decisions = $web.IPAddress, '10.97.0.1' | Find-TelepresenceRoute
        $decisions.IsTelepresence | Should -Be @($true, $false)
        $decisions[0].ClusterAddress | Should -Be $web.ClusterAddress
        $decisions[0].DnsName | Should -Match '^web'
        $decisions[1].InterfaceAlias | Should -Be 'vpn0'
        foreach ($decision in $decisions) {
            $kernel = (ip -j route get $decision.RemoteAddress | ConvertFrom-Json)[0]
            $decision.InterfaceAlias | Should -Be $kernel.dev
        }
    }

    It 'finds routes of objects by property name, and says only yes or no with Quiet' {
        $connections = [pscustomobject]@{ RemoteAddress = $web.IPAddress; RemotePort = 80 }, [pscustomobject]@{ RemoteAddress = '10.97.0.1'; RemotePort = 443 }
        ($connections | Find-TelepresenceRoute).RemotePort | Should -Be @(80, 443)
        $connections | Find-TelepresenceRoute -InformationLevel Quiet | Should -Be @($true, $false)
        ([pscustomobject]@{ IP4Address = $web.IPAddress } | Find-TelepresenceRoute).IsTelepresence | Should -BeTrue
    }

    It 'finds the route of what a name resolves to' {
        $decision = Resolve-TelepresenceName web.demo | Find-TelepresenceRoute
        $decision.IsTelepresence | Should -BeTrue
        $decision.Route.Origin | Should -Be 'Virtual'
        $decision.Reason | Should -Match $session.InterfaceAlias
    }

    It 'lets programs reach a service by its name' {
        $token = curl --silent --show-error --max-time 30 http://web.demo/token
        $token | Should -Match '^\w+$'
        (Invoke-RestMethod http://web.demo/token -TimeoutSec 30).Trim() | Should -Be $token
        (Invoke-RestMethod "http://$($web.IPAddress)/token" -TimeoutSec 30).Trim() | Should -Be $token
    }

    It 'refuses at a closed port as the cluster does' {
        curl --silent --max-time 30 --output /dev/null http://web.demo:81/
        $LASTEXITCODE | Should -Be 7
    }

    It 'shows what was asked for, who answered, and with what' {
        $null = getent ahostsv4 web.demo
        $query = @(Get-TelepresenceDnsQuery -Last 20).Where{ $_.Name -eq 'web.demo' -and $_.Type -eq 'A' }[-1]
        $query.ResponseCode | Should -Be 'NOERROR'
        $query.Source | Should -BeIn 'Cluster', 'Cache'
        @(Get-TelepresenceDnsQuery -Last 1).Count | Should -Be 1
    }

    It 'lists virtual addresses in use and converts in both directions' {
        (Get-TelepresenceVirtualAddress $web.ClusterAddress).VirtualAddress | Should -Be $web.IPAddress
        ($web.ClusterAddress | ConvertTo-TelepresenceVirtualAddress).VirtualAddress | Should -Be $web.IPAddress
        ($web.IPAddress | ConvertFrom-TelepresenceVirtualAddress).ClusterAddress | Should -Be $web.ClusterAddress
        (Resolve-TelepresenceName web.demo | ConvertFrom-TelepresenceVirtualAddress).ClusterAddress | Should -Be $web.ClusterAddress
        { ConvertTo-TelepresenceVirtualAddress 192.0.2.77 -ErrorAction Stop } | Should -Throw -ErrorId 'AddressNotInSession,*'
    }

    It 'shows every view within 100 columns, nothing of the names cut' {
        $views = @{
            Session        = { Get-TelepresenceSession }
            Subnet         = { Get-TelepresenceSubnet }
            Route          = { Get-TelepresenceRoute -IncludeSystem }
            RouteDecision  = { $web.IPAddress, '10.97.0.1' | Find-TelepresenceRoute }
            Conflict       = { Test-TelepresenceConflict -PodSubnet 10.97.0.0/16 }
            VirtualAddress = { Get-TelepresenceVirtualAddress }
            DnsRecord      = { Resolve-TelepresenceName web.demo }
            DnsQuery       = { Get-TelepresenceDnsQuery -Last 5 }
            ConnectPlan    = { Connect-Telepresence -Sandbox -Name other -WhatIf -PassThru }
        }
        foreach ($view in $views.GetEnumerator()) {
            $lines = Get-Table (& $view.Value)
            $lines.Where{ $_.Length -gt 100 } | Should -BeNullOrEmpty -Because $view.Key
            $lines.Where{ $_ -match '#ERR' -or $_.Contains('…') } | Should -BeNullOrEmpty -Because $view.Key
            $lines.Where{ $_ -match '^-+ ' }.Count | Should -Be 1 -Because $view.Key
        }
    }

    Context 'with a connection open' {
        BeforeEach {
            $client = [Net.Sockets.TcpClient]::new()
            $client.ReceiveTimeout = 30000
            $client.Connect('tcp-echo.demo', 7)
            $stream = $client.GetStream()
            $stream.Write([Text.Encoding]::ASCII.GetBytes('hello'))
            $stream.ReadExactly(($buffer = [byte[]]::new(5)), 0, 5)
            $mine = $client.Client.LocalEndPoint.Port
        }

        AfterEach {
            $client.Dispose()
        }

        It 'lists it as Get-NetTCPConnection would' {
            [Text.Encoding]::ASCII.GetString($buffer) | Should -Be 'hello'
            $connection = Get-TelepresenceConnection -LocalPort $mine
            $connection.Protocol | Should -Be 'Tcp'
            $connection.State | Should -Be 'Established'
            $connection.RemoteAddress | Should -Be $client.Client.RemoteEndPoint.Address.MapToIPv4()
            $connection.RemotePort | Should -Be 7
            $connection.BytesSent | Should -Be 5
            $connection.BytesReceived | Should -Be 5
            $connection.ClusterAddress | Should -Match '^10\.96\.'
            $connection.DnsName | Should -Match '^tcp-echo\.demo'
            $connection.OwningProcess | Should -Be $PID
            Get-TelepresenceConnection -RemotePort 7 -State Established -Protocol Tcp | Should -Not -BeNullOrEmpty
            Get-TelepresenceConnection -LocalPort $mine -Protocol Udp | Should -BeNullOrEmpty
            (Get-Table $connection).Where{ $_.Length -gt 100 -or $_.Contains('…') } | Should -BeNullOrEmpty
        }

        It 'feeds Test-NetConnection and Find-TelepresenceRoute' {
            # The published parameter block of NetTCPIP's Test-NetConnection, as far as it takes pipeline input.
            function Test-NetConnection {
                [CmdletBinding(DefaultParameterSetName = 'ICMP')]
                param(
                    [Parameter(Position = 0, ValueFromPipeline, ValueFromPipelineByPropertyName)] [Alias('RemoteAddress', 'cn')] [string] $ComputerName,
                    [Parameter(Mandatory, ParameterSetName = 'RemotePort', ValueFromPipelineByPropertyName)] [Alias('RemotePort')] [int] $Port
                )
                process { "$ComputerName/$Port" }
            }
            $connection = Get-TelepresenceConnection -LocalPort $mine
            $connection | Test-NetConnection | Should -Be "$($connection.RemoteAddress)/7"
            ($connection | Find-TelepresenceRoute).RemotePort | Should -Be 7
        }

        It 'ends it, unless with -WhatIf' {
            Get-TelepresenceConnection -LocalPort $mine | Stop-TelepresenceConnection -WhatIf
            $stream.WriteByte(65)
            $stream.ReadByte() | Should -Be 65
            Get-TelepresenceConnection -LocalPort $mine | Stop-TelepresenceConnection -Confirm:$false
            $ended = try { $stream.ReadByte() } catch [IO.IOException] { -1 }
            $ended | Should -Be -1
            Get-TelepresenceConnection -LocalPort $mine -State Established | Should -BeNullOrEmpty
        }
    }

    It 'is nothing that a repair would touch' {
        Repair-Telepresence -WhatIf | Should -BeNullOrEmpty
        Repair-Telepresence | Should -BeNullOrEmpty
        Invoke-RestMethod http://web.demo/token -TimeoutSec 30 | Should -Match '^\w+$'
    }

    It 'is left in place by -WhatIf, and leaves nothing behind when it ends' {
        Get-TelepresenceSession | Disconnect-Telepresence -WhatIf
        (Get-TelepresenceSession).State | Should -Be 'Connected'
        Get-TelepresenceSession | Disconnect-Telepresence
        Get-TelepresenceSession | Should -BeNullOrEmpty
        Get-MachineChange | Should -BeNullOrEmpty
        Wait-EngineEnd
        Get-EngineProcess | Should -BeNullOrEmpty
        # Only the network engine's: the one that planned has a grace of its own.
        Join-Path $env:TELEPRESENCE_RUNTIME_DIR 'engine.sock' | Should -Not -Exist
    }
}

Describe 'Afterwards' -Tag Network {
    It 'stops at Ctrl+C, and returns when what had begun is undone' {
        # Behind the VPN's route nobody answers: the connect hangs until it is stopped.
        $shell = [powershell]::Create()
        try {
            $null = $shell.AddScript("Import-Module '$env:TELEPRESENCE_MODULE'; Connect-Telepresence -Kubeconfig '$($sandbox.Kubeconfig)' -Server https://10.96.0.1:443").BeginInvoke()
            $deadline = [datetime]::UtcNow.AddSeconds(60)
            while (-not ($shell.Streams.Progress.StatusDescription -match 'traffic-manager')) {
                if ([datetime]::UtcNow -gt $deadline) { throw 'the connect did not begin' }
                [Threading.Thread]::Sleep(10)
            }
            $shell.Stop()
            $shell.InvocationStateInfo.State | Should -Be 'Stopped'
            Get-MachineChange | Should -BeNullOrEmpty
            Get-TelepresenceSession | Should -BeNullOrEmpty
        }
        finally {
            $shell.Dispose()
        }
    }

    It 'removes what a killed engine left' {
        $session = Connect-Telepresence -Sandbox
        # The cluster's pod subnet has no conflict and is routed as it is; the VPN has the services.
        $session.TranslatedSubnets | Should -Be '10.96.0.0/16'
        (Get-EngineProcess).ForEach{ $_.Kill(); $_.WaitForExit() }
        # Rules stay, and match nothing.
        (ip route get 192.0.2.53 ipproto udp dport 53)[0] | Should -Match 'dev vpn0'
        $removed = Repair-Telepresence
        $removed.Kind | Should -Contain 'Route'
        $removed.Description | Should -Not -BeNullOrEmpty
        (Get-Table $removed).Where{ $_.Length -gt 100 } | Should -BeNullOrEmpty
        Get-MachineChange | Should -BeNullOrEmpty
        Repair-Telepresence | Should -BeNullOrEmpty
    }

    It 'stops the sandbox, whose cluster is then gone' {
        Stop-TelepresenceSandbox -WhatIf
        Get-Process -Id $sandbox.ProcessId | Should -Not -BeNullOrEmpty
        Stop-TelepresenceSandbox
        Get-Process -Id $sandbox.ProcessId -ErrorAction Ignore | Should -BeNullOrEmpty
        $sandbox.Kubeconfig | Should -Not -Exist
        { Connect-Telepresence -Kubeconfig $sandbox.Kubeconfig } | Should -Throw -ErrorId 'KubeconfigNotFound,*'
        Get-MachineChange | Should -BeNullOrEmpty
    }
}
