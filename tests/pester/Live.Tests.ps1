BeforeAll {
    . $PSScriptRoot/FakeEngine.ps1
    Import-Module $env:TELEPRESENCE_MODULE -Force
    $script:engine = Start-FakeEngine

    # The fake engine counts its clients; one that leaves is noticed a moment later.
    function Wait-Peers($Count) {
        $deadline = [datetime]::UtcNow.AddSeconds(30)
        while ((Get-Content -Raw (Join-Path $env:TELEPRESENCE_RUNTIME_DIR peers.txt) -ErrorAction Ignore) -ne "$Count") {
            if ([datetime]::UtcNow -gt $deadline) {
                throw "not $Count clients"
            }
            [Threading.Thread]::Sleep(10)
        }
    }
}

AfterAll {
    Stop-FakeEngine $script:engine
}

Describe 'Watch-TelepresenceConnection' {
    It 'writes an object for each change and ends with the session' {
        $changes = Watch-TelepresenceConnection -Session ended
        $changes.Change | Should -Be 'Opened', 'StateChanged', 'Closed'
        $changes.State | Should -Be 'SynReceived', 'Established', 'Closed'
        $changes[1].PreviousState | Should -Be 'SynReceived'
        $changes[0].PSTypeNames[0..1] | Should -Be 'Telepresence.ConnectionChange', 'Telepresence.Connection'
    }

    It 'ends after -Duration without an error' {
        $changes = Watch-TelepresenceConnection -Duration 0.5 -ErrorVariable errors
        $changes.Count | Should -Be 3
        $errors | Should -BeNullOrEmpty
    }

    It 'filters as Get-TelepresenceConnection does' {
        (Watch-TelepresenceConnection -Session ended -State Closed).Change | Should -Be 'Closed'
        Watch-TelepresenceConnection -Session ended -RemotePort 81 | Should -BeNullOrEmpty
        @(Watch-TelepresenceConnection 10.244.0.2 -Session ended).Count | Should -Be 3
        @(Watch-TelepresenceConnection -Session ended -Id 4711).Count | Should -Be 3
    }

    It 'ends with its pipeline' {
        (Watch-TelepresenceConnection | Select-Object -First 1).Change | Should -Be 'Opened'
    }

    It 'hands changes to what takes connections' {
        Watch-TelepresenceConnection -Session ended | Select-Object -First 1 | Stop-TelepresenceConnection
        Get-FakeEngineNote stopped | Should -Be '40001'
    }

    It 'warns of what it could not show' {
        $null = Watch-TelepresenceConnection -Session lossy -WarningVariable warnings -WarningAction SilentlyContinue
        $warnings.Message | Should -BeLike '*not shown*'
    }

    It 'names a session that does not exist' {
        { Watch-TelepresenceConnection -Session nothing } | Should -Throw -ErrorId 'SessionNotFound,*'
    }

    It 'stops at Ctrl+C' {
        $shell = [powershell]::Create()
        try {
            $output = [Management.Automation.PSDataCollection[psobject]]::new()
            $null = $shell.AddScript("Import-Module '$env:TELEPRESENCE_MODULE'; Watch-TelepresenceConnection").BeginInvoke([Management.Automation.PSDataCollection[psobject]] $null, $output)
            $deadline = [datetime]::UtcNow.AddSeconds(30)
            while ($output.Count -lt 3 -and [datetime]::UtcNow -lt $deadline) { [Threading.Thread]::Sleep(10) }
            $shell.Stop()
            $shell.InvocationStateInfo.State | Should -Be 'Stopped'
            $output.Count | Should -Be 3
        }
        finally {
            $shell.Dispose()
        }
    }

    It 'completes sessions' {
        $line = 'Watch-TelepresenceConnection -Session '
        (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Contain 'demo-default'
    }
}

Describe 'Register-TelepresenceEvent' {
    AfterEach {
        Get-EventSubscriber | Where-Object SourceIdentifier -like 'Telepresence.*' | Unregister-Event
        Get-Event | Remove-Event
        Wait-Peers 0
    }

    It 'queues events for Wait-Event, with typed objects' {
        $subscriber = Register-TelepresenceEvent StateChanged -MessageData mine
        $subscriber.SourceIdentifier | Should -Be 'Telepresence.StateChanged'
        $null = Connect-Telepresence -Name other
        $event = Wait-Event Telepresence.StateChanged -Timeout 30
        $event.SourceEventArgs | Should -BeOfType Telepresence.Client.Events.TelepresenceEventArgs
        $event.SourceEventArgs.Session.Name | Should -Be 'other'
        $event.SourceEventArgs.Session.State | Should -Be 'Connected'
        $event.SourceEventArgs.PreviousState | Should -BeNullOrEmpty
        $event.MessageData | Should -Be 'mine'
    }

    It 'does not tell of sessions that were there before' {
        $null = Register-TelepresenceEvent StateChanged
        Disconnect-Telepresence
        $event = Wait-Event Telepresence.StateChanged -Timeout 30
        $event.SourceEventArgs.PreviousState | Should -Be 'Connected'
        $event.SourceEventArgs.Session.State | Should -Be 'Disconnected'
        @(Get-Event).Count | Should -Be 1
    }

    It 'runs the action and returns its job' {
        $job = Register-TelepresenceEvent ConflictDetected { "$($Event.SourceEventArgs.Conflict.Subnet) $($Event.SourceEventArgs.SessionName)"; New-Event acted }
        $job.PSTypeNames | Should -Contain 'System.Management.Automation.PSEventJob'
        $null = Repair-Telepresence
        $null = Wait-Event acted -Timeout 30
        ($job | Receive-Job)[0] | Should -Be '10.244.0.0/16 demo-default'
    }

    It 'tells of connections' {
        $null = Register-TelepresenceEvent ConnectionChanged
        $null = Wait-Event Telepresence.ConnectionChanged -Timeout 30
        $deadline = [datetime]::UtcNow.AddSeconds(30)
        while (@(Get-Event).Count -lt 3 -and [datetime]::UtcNow -lt $deadline) { Start-Sleep -Milliseconds 10 }
        (Get-Event).SourceEventArgs.Connection.Change | Should -Be 'Opened', 'StateChanged', 'Closed'
    }

    It 'listens to one session where told' {
        $null = Register-TelepresenceEvent StateChanged -Session wanted
        $null = Connect-Telepresence -Name other
        $null = Connect-Telepresence -Name wanted
        (Wait-Event Telepresence.StateChanged.wanted -Timeout 30).SourceEventArgs.SessionName | Should -Be 'wanted'
        @(Get-Event).Count | Should -Be 1
    }

    It 'ends after -MaxTriggerCount events' {
        $null = Register-TelepresenceEvent StateChanged -MaxTriggerCount 1
        $null = Connect-Telepresence -Name other
        $null = Wait-Event Telepresence.StateChanged -Timeout 30
        Wait-Peers 0
        Get-EventSubscriber -SourceIdentifier Telepresence.StateChanged -ErrorAction Ignore | Should -BeNullOrEmpty
    }

    It 'refuses a name that is taken and says how to free it' {
        $null = Register-TelepresenceEvent StateChanged
        Register-TelepresenceEvent StateChanged -ErrorVariable errors -ErrorAction SilentlyContinue
        $errors[0].FullyQualifiedErrorId | Should -BeLike 'SubscriptionExists,*'
        $errors[0].TargetObject | Should -Be 'Telepresence.StateChanged'
        $errors[0].ErrorDetails.RecommendedAction | Should -Be "Unregister-Event -SourceIdentifier 'Telepresence.StateChanged'"
    }

    It 'closes its connection with Unregister-Event' {
        $null = Register-TelepresenceEvent SubnetChanged -SourceIdentifier mine
        Wait-Peers 1
        Unregister-Event mine
        Wait-Peers 0
    }

    It 'closes its connection with Remove-Module' {
        $null = Register-TelepresenceEvent StateChanged
        Wait-Peers 1
        Remove-Module Telepresence
        try {
            Wait-Peers 0
            Get-EventSubscriber | Where-Object SourceIdentifier -like 'Telepresence.*' | Should -BeNullOrEmpty
        }
        finally {
            Import-Module $env:TELEPRESENCE_MODULE
        }
    }

    It 'completes the events' {
        $line = 'Register-TelepresenceEvent '
        (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Contain 'ConflictDetected'
    }
}

Describe 'An engine that comes and goes' {
    It 'is found, and missed when it was killed' {
        Stop-FakeEngine $script:engine
        $null = Register-TelepresenceEvent StateChanged
        try {
            Get-Event | Should -BeNullOrEmpty
            $script:engine = Start-FakeEngine
            $event = Wait-Event Telepresence.StateChanged -Timeout 30
            $event.SourceEventArgs.Session.State | Should -Be 'Connected'
            Remove-Event -EventIdentifier $event.EventIdentifier
            $script:engine.Kill()
            $script:engine.WaitForExit()
            $event = Wait-Event Telepresence.StateChanged -Timeout 30
            $event.SourceEventArgs.Session.State | Should -Be 'Failed'
            $event.SourceEventArgs.Session.LastErrorId | Should -Be 'EngineUnavailable'
        }
        finally {
            Unregister-Event Telepresence.StateChanged
            Get-Event | Remove-Event
            $script:engine = Start-FakeEngine
        }
    }
}

Describe 'Measure-Telepresence' {
    BeforeAll {
        $listener = [Net.Sockets.TcpListener]::new([Net.IPAddress]::Loopback, 0)
        $listener.Start()
        $port = $listener.LocalEndpoint.Port
    }

    AfterAll {
        $listener.Stop()
    }

    It 'measures handshakes with what is not reached through Telepresence' {
        $measured = Measure-Telepresence "127.0.0.1:$port" -Duration 0.3
        $measured.PSTypeNames[0] | Should -Be 'Telepresence.Measurement'
        $measured.Handshake | Should -BeGreaterThan 0
        $measured.Sparkline | Should -Match '^[▁▂▃▄▅▆▇█]+$'
        $measured.Session | Should -BeNullOrEmpty
        $measured.RoundTrip | Should -BeNullOrEmpty
    }

    It 'takes the median of the engine''s calls to the traffic-manager' {
        $measured = Measure-Telepresence 246.0.0.2:80 -Duration 0.2
        $measured.Session | Should -Be 'demo-default'
        $measured.RoundTrip | Should -Be 2
        $measured.Failures | Should -BeGreaterThan 0
    }

    It 'takes targets from a pipeline, by value and by property name' {
        @("127.0.0.1:$port", "localhost:$port" | Measure-Telepresence -Duration 0.2).Count | Should -Be 2
        ([pscustomobject]@{ RemoteAddress = '127.0.0.1'; RemotePort = $port } | Measure-Telepresence -Duration 0.2).RemotePort | Should -Be $port
    }

    It 'goes on behind a target that is none' {
        $measured = Measure-Telepresence nonsense, "127.0.0.1:$port" -Duration 0.2 -ErrorVariable errors -ErrorAction SilentlyContinue
        $measured.RemotePort | Should -Be $port
        $errors[0].FullyQualifiedErrorId | Should -BeLike 'InvalidParameter,*'
        $errors[0].TargetObject | Should -Be 'nonsense'
    }

    It 'tells its steps with -Verbose' {
        $told = Measure-Telepresence "127.0.0.1:$port" -Duration 0.2 -Verbose 4>&1 | Where-Object { $_ -is [Management.Automation.VerboseRecord] }
        $told.Message | Should -Contain "127.0.0.1:${port}: shaking hands with 127.0.0.1:$port"
    }
}

Describe 'Trace-TelepresencePacket' {
    It 'returns what was written, its path absolute from the location of the shell' {
        Push-Location $TestDrive
        try {
            $trace = Trace-TelepresencePacket ./a.pcapng 'tcp port 80' -Duration 0.1 -Force
            $trace.PSTypeNames[0] | Should -Be 'Telepresence.Trace'
            $trace.Path | Should -Be (Join-Path $TestDrive a.pcapng)
            $trace.Filter | Should -Be 'tcp port 80'
            $trace.Packets | Should -Be 42
        }
        finally {
            Pop-Location
        }
    }

    It 'warns of packets that are not in the file' {
        $null = Trace-TelepresencePacket (Join-Path $TestDrive b.pcapng) -Duration 0.1 -WarningVariable warnings -WarningAction SilentlyContinue
        $warnings.Message | Should -BeLike '3 packets are not in the file*'
    }

    It 'ends with the engine''s error' {
        { Trace-TelepresencePacket (Join-Path $TestDrive c.pcapng) nonsense } | Should -Throw -ErrorId 'InvalidParameter,*'
    }

    It 'writes nothing with -WhatIf' {
        Trace-TelepresencePacket (Join-Path $TestDrive d.pcapng) -WhatIf | Should -BeNullOrEmpty
    }

    It 'takes a session from the pipeline' {
        (Get-TelepresenceSession | Trace-TelepresencePacket (Join-Path $TestDrive e.pcapng) -Duration 0.1 -Force).Session | Should -Be 'demo-default'
    }
}
