# Dot-sourced by tests that need an engine's answers but no network.

function Start-FakeEngine {
    $env:TELEPRESENCE_RUNTIME_DIR = Join-Path $TestDrive 'run'
    $start = [Diagnostics.ProcessStartInfo]::new('dotnet', "`"$env:TELEPRESENCE_FAKE_ENGINE`"")
    $start.RedirectStandardInput = $true
    $start.RedirectStandardOutput = $true
    $process = [Diagnostics.Process]::Start($start)
    if ($process.StandardOutput.ReadLine() -ne 'ready') {
        throw 'the fake engine did not start'
    }
    $process
}

function Stop-FakeEngine($Process) {
    $Process.StandardInput.Close()
    $Process.WaitForExit()
}

# What the fake engine noted of a call.
function Get-FakeEngineNote($Name) {
    Get-Content -Raw (Join-Path $env:TELEPRESENCE_RUNTIME_DIR "$Name.txt")
}

# Waits for a note that comes after the call.
function Wait-FakeEngineNote($Name) {
    $deadline = [datetime]::UtcNow.AddSeconds(30)
    while (-not (Test-Path (Join-Path $env:TELEPRESENCE_RUNTIME_DIR "$Name.txt"))) {
        if ([datetime]::UtcNow -gt $deadline) {
            throw "no note '$Name'"
        }
        [Threading.Thread]::Sleep(10)
    }
    Get-FakeEngineNote $Name
}
