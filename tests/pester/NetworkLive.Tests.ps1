# What is looked at while it happens, on a real network interface with the module's own engine and sandbox. Runs only in the
# network namespace that the runner makes for it.
BeforeAll {
    if (-not $env:TELEPRESENCE_TEST_NAMESPACE -or @(ip -j link show | ConvertFrom-Json).Count -ne 1) {
        throw 'these tests change routes: they run in a namespace of their own only'
    }
    Import-Module $env:TELEPRESENCE_MODULE -Force
    # Short: a socket lies in it.
    $env:TELEPRESENCE_RUNTIME_DIR = (New-Item -ItemType Directory (Join-Path ([IO.Path]::GetTempPath()) "tp-$([guid]::NewGuid().ToString('N').Substring(0, 8))")).FullName
    chmod 700 $env:TELEPRESENCE_RUNTIME_DIR
    $env:KUBECONFIG = $null
    ip link add net0 type veth peer name net0far
    sysctl -qw net.ipv6.conf.net0.disable_ipv6=1 net.ipv6.conf.net0far.disable_ipv6=1
    ip link set net0far up
    ip link set net0 up
    ip address add 192.0.2.1/24 dev net0
    $resolv = Join-Path $TestDrive resolv.conf
    Set-Content $resolv 'nameserver 192.0.2.53'
    mount --bind $resolv /etc/resolv.conf
    if ($LASTEXITCODE -ne 0) { throw 'mount' }

    # Runs a script beside the test, in a runspace of its own.
    function Start-Beside($Script) {
        $shell = [powershell]::Create()
        $output = [Management.Automation.PSDataCollection[psobject]]::new()
        $output.EnumeratorNeverBlocks = $true
        $null = $shell.AddScript("Import-Module '$env:TELEPRESENCE_MODULE'; $Script")
        $handle = $shell.BeginInvoke([Management.Automation.PSDataCollection[psobject]] $null, $output)
        [pscustomobject]@{ Shell = $shell; Output = $output; Handle = $handle }
    }
    function Wait-Until($Condition, $What) {
        $deadline = [datetime]::UtcNow.AddSeconds(60)
        while (-not (& $Condition)) {
            if ([datetime]::UtcNow -gt $deadline) { throw "not in time: $What" }
            Start-Sleep -Milliseconds 20
        }
    }
    $sandbox = Start-TelepresenceSandbox
    $session = Connect-Telepresence -Sandbox -Vnat all
    $web = (Resolve-TelepresenceName web.demo -Type A)[0].IPAddress
}

AfterAll {
    if (Get-Module Telepresence) {
        Get-TelepresenceSession | Disconnect-Telepresence
        Stop-TelepresenceSandbox -ErrorAction Ignore
    }
    umount /etc/resolv.conf
    ip link delete net0
    Remove-Item -Recurse -Force $env:TELEPRESENCE_RUNTIME_DIR -ErrorAction Ignore
    $env:TELEPRESENCE_RUNTIME_DIR = $null
}

Describe 'Watch-TelepresenceConnection with a session' -Tag Network {
    It 'shows a connection of another program from its first packet to its end' {
        $beside = Start-Beside 'Watch-TelepresenceConnection -RemotePort 80'
        try {
            # Until the watch has begun, the beginning of a connection may be missed.
            Wait-Until { curl -s --max-time 10 "http://$web/token" > $null; $beside.Output.Change -contains 'Opened' } 'a beginning'
            $opened = $beside.Output.Where({ $_.Change -eq 'Opened' }, 'First')[0]
            Wait-Until { $beside.Output.Where{ $_.LocalPort -eq $opened.LocalPort }.Change -contains 'Closed' } 'its end'
            $closed = $beside.Output.Where({ $_.LocalPort -eq $opened.LocalPort -and $_.Change -eq 'Closed' })[0]
            $closed.RemoteAddress | Should -Be $web
            $closed.BytesReceived | Should -BeGreaterThan 0
            $closed.Session | Should -Be $session.Name
            $closed.Target | Should -Be 'service/web.demo'
        }
        finally {
            $beside.Shell.Stop()
            $beside.Shell.Dispose()
        }
    }
}

Describe 'Register-TelepresenceEvent with a session' -Tag Network {
    It 'tells of a conflict that comes up, and of a session that ends' {
        $null = 'ConflictDetected', 'StateChanged', 'SubnetChanged' | ForEach-Object { Register-TelepresenceEvent $_ -Session second }
        try {
            $second = Connect-Telepresence -Sandbox -Name second
            $null = Wait-Event Telepresence.StateChanged.second -Timeout 60
            ip route add 10.244.0.0/15 via 192.0.2.254 dev net0
            $conflict = (Wait-Event Telepresence.ConflictDetected.second -Timeout 60).SourceEventArgs
            $conflict.SessionName | Should -Be 'second'
            $conflict.Conflict.InterfaceAlias | Should -Be 'net0'
            $moved = (Wait-Event Telepresence.SubnetChanged.second -Timeout 60).SourceEventArgs.Session
            $moved.TranslatedSubnets | Should -Contain $conflict.Conflict.Subnet
            $second | Disconnect-Telepresence
            Wait-Until { (Get-Event Telepresence.StateChanged.second).SourceEventArgs.Session.State -contains 'Disconnected' } 'the end'
        }
        finally {
            ip route delete 10.244.0.0/15 2>$null
            Get-EventSubscriber | Unregister-Event
            Get-Event | Remove-Event
            Get-TelepresenceSession second -ErrorAction Ignore | Disconnect-Telepresence
        }
    }
}

Describe 'Measure-Telepresence with a session' -Tag Network {
    It 'measures a service and downloads from it' {
        $measured = Measure-Telepresence "http://${web}/token" -Duration 2
        $measured.Session | Should -Be $session.Name
        $measured.Handshake | Should -BeGreaterThan 0
        $measured.Failures | Should -Be 0
        $measured.RoundTrip | Should -BeGreaterThan 0
        $measured.ThroughputSource | Should -Be 'Download'
        $measured.Throughput | Should -BeGreaterThan 0
    }

    It 'counts what the target refuses' {
        $refused = Measure-Telepresence "${web}:81" -Duration 0.5
        $refused.Handshake | Should -BeNullOrEmpty
        $refused.Failures | Should -BeGreaterThan 0
    }
}

Describe 'Trace-TelepresencePacket with a session' -Tag Network {
    It 'writes a file of the user''s that tshark reads, with Kubernetes names' {
        if (-not (Get-Command tshark -ErrorAction Ignore)) {
            Set-ItResult -Skipped -Because 'there is no tshark'
        }
        $file = Join-Path $TestDrive trace.pcapng
        $beside = Start-Beside "Trace-TelepresencePacket '$file' 'tcp port 80' -Duration 3"
        try {
            Wait-Until { (Test-Path $file) -and (Get-Item $file).Length -gt 0 -or $beside.Handle.IsCompleted } 'the file'
            while (-not $beside.Handle.IsCompleted) {
                curl -s --max-time 10 "http://$web/token" > $null
            }
            $null = $beside.Shell.EndInvoke($beside.Handle)
            $beside.Shell.Streams.Error | Should -BeNullOrEmpty
            $trace = $beside.Output.ReadAll()[0]
            $trace.Packets | Should -BeGreaterThan 5
            $trace.Dropped | Should -Be 0
            (Get-Item $file).UnixMode | Should -Be '-rw-------'

            $packets = tshark -r $file -T fields -e ip.src -e ip.dst -e tcp.port -e http.request.uri 2>$null
            $LASTEXITCODE | Should -Be 0
            $packets.Count | Should -Be $trace.Packets
            $packets -match '/token' | Should -Not -BeNullOrEmpty
            @($packets -notmatch '80,|,80').Count | Should -Be 0
            $named = tshark -r $file -N n -T fields -e ip.src_host -e ip.dst_host 2>$null
            $named[0].Split("`t")[1] | Should -Be 'web.demo.svc'
            # Nothing that tshark takes for malformed.
            tshark -r $file -Y '_ws.malformed' 2>$null | Should -BeNullOrEmpty
            if (Get-Command capinfos -ErrorAction Ignore) {
                capinfos $file | Out-String | Should -Match 'Strict time order:\s+True'
            }
        }
        finally {
            $beside.Shell.Stop()
            $beside.Shell.Dispose()
        }
    }

    It 'refuses to write over a file, through a link, or where it may not' {
        $file = Join-Path $TestDrive there.pcapng
        Set-Content $file mine
        { Trace-TelepresencePacket $file -Duration 1 } | Should -Throw -ErrorId 'FileNotWritable,*'
        $link = Join-Path $TestDrive link.pcapng
        $null = New-Item -ItemType SymbolicLink $link -Target $file
        { Trace-TelepresencePacket $link -Duration 1 } | Should -Throw -ErrorId 'FileNotWritable,*'
        # The link goes, and what it named stays.
        $null = Trace-TelepresencePacket $link -Duration 0.1 -Force
        Get-Content $file | Should -Be 'mine'
        { Trace-TelepresencePacket /proc/nowhere.pcapng -Duration 1 } | Should -Throw -ErrorId 'FileNotWritable,*'
    }

    It 'leaves a whole file at Ctrl+C' {
        $file = Join-Path $TestDrive stopped.pcapng
        $beside = Start-Beside "Trace-TelepresencePacket '$file'"
        try {
            Wait-Until { curl -s --max-time 10 "http://$web/token" > $null; (Test-Path $file) -and (Get-Item $file).Length -gt 0 } 'packets'
            $beside.Shell.Stop()
            # The engine writes the last block a moment later.
            Wait-Until { $null = tshark -r $file 2>$null; $LASTEXITCODE -eq 0 } 'a whole file'
        }
        finally {
            $beside.Shell.Dispose()
        }
    }

    It 'says where a filter is none' {
        { Trace-TelepresencePacket (Join-Path $TestDrive x.pcapng) 'tcp prot 80' } | Should -Throw '*column 5*'
        Join-Path $TestDrive x.pcapng | Should -Not -Exist
    }
}

Describe 'Diagnostics with a session' -Tag Network {
    It 'changes what engine and traffic-manager log' {
        Set-TelepresenceLogLevel Debug -ErrorVariable errors
        $errors | Should -BeNullOrEmpty
        Set-TelepresenceLogLevel Information
        (Get-TelepresenceLog -Last 1000).Message | Should -Contain "Session $($session.Name): Connected"
    }

    It 'exports no token, certificate or key of the kubeconfig' {
        $kubeconfig = Get-Content -Raw $sandbox.Kubeconfig
        $secrets = [regex]::Matches($kubeconfig, '(?m)(?:data|token|password):\s*"?([^\s"]{16,})').ForEach{ $_.Groups[1].Value }
        $secrets.Count | Should -BeGreaterThan 0
        $secrets += $secrets.Where{ $_ -match '^[A-Za-z0-9+/=]+$' -and $_.Length % 4 -eq 0 }.ForEach{ [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($_)).Split("`n")[1] }.Where{ $_ }
        Export-TelepresenceDiagnostic (Join-Path $TestDrive d.zip) | Expand-Archive -DestinationPath (Join-Path $TestDrive d)
        $texts = Get-ChildItem -Recurse -File (Join-Path $TestDrive d)
        $texts.Name | Should -Not -Contain 'missing.txt'
        $texts | Select-String $secrets -SimpleMatch | Should -BeNullOrEmpty
        (Get-Content -Raw (Join-Path $TestDrive d rules.json) | ConvertFrom-Json).Count | Should -BeGreaterThan 0
        (Get-Content -Raw (Join-Path $TestDrive d routes.json)) | Should -Match '"tel0"'
    }
}
