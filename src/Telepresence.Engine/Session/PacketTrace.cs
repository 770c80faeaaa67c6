using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Objects;
using Telepresence.Engine.Capture;

namespace Telepresence.Engine.Session;

/// <summary>Writes the packets of a session's interface to a file, until told to end or the session ends.</summary>
internal sealed class PacketTrace(EngineSession session, TraceParameters parameters, TimeProvider time)
{
    private static readonly TimeSpan _report = TimeSpan.FromSeconds(1);

    private readonly CaptureQueue _queue = new(FilterOf(parameters), time);
    private readonly CaptureNames _names = new(session, time);
    private long _packets;
    private long _bytes;

    /// <summary>The file is whole however this ends.</summary>
    /// <param name="tell">Told once a second; must not block.</param>
    /// <param name="cancellationToken">Ends the trace.</param>
    /// <exception cref="TelepresenceException">FileNotWritable.</exception>
    public async Task<TelepresenceTrace> RunAsync(Action<TraceProgress> tell, CancellationToken cancellationToken)
    {
        var since = time.GetUtcNow().UtcDateTime;
        try
        {
            var file = Create(parameters);
            await using (file.ConfigureAwait(false))
                await CaptureAsync(new PcapngWriter(file), tell, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ErrorCatalogue.Error(
                ErrorId.FileNotWritable,
                parameters.Path,
                e,
                ("path", parameters.Path),
                ("reason", e.Message)
            );
        }
        cancellationToken.ThrowIfCancellationRequested();
        return new TelepresenceTrace
        {
            Path = parameters.Path,
            Session = session.Name,
            Filter = parameters.Filter ?? "",
            Packets = _packets,
            Bytes = _bytes,
            Dropped = _queue.Dropped,
            Since = since,
            Duration = (time.GetUtcNow().UtcDateTime - since).TotalSeconds,
        };
    }

    private async Task CaptureAsync(
        PcapngWriter writer,
        Action<TraceProgress> tell,
        CancellationToken cancellationToken
    )
    {
        await writer
            .BeginAsync(
                $"Telepresence for PowerShell {EngineVersion.Text}",
                session.Tap.Name,
                $"session {session.Name}",
                CancellationToken.None
            )
            .ConfigureAwait(false);
        session.Changed += EndWithSession;
        session.Tap.Add(_queue);
        EndWithSession(session);
        // However it ends, what had been captured until then is in the file.
        using var ending = cancellationToken.Register(_queue.Complete);
        using var duration = time.CreateTimer(
            _ => _queue.Complete(),
            null,
            parameters.DurationSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan
        );
        using var reports = time.CreateTimer(_ => tell(Progress()), null, _report, _report);
        try
        {
            await writer.FlushAsync(CancellationToken.None).ConfigureAwait(false);
            while (await _queue.WaitAsync(CancellationToken.None).ConfigureAwait(false))
            {
                while (_queue.TryTake(out var packet))
                    await WriteAsync(writer, packet).ConfigureAwait(false);
                // The file can be looked at while it grows.
                await writer.FlushAsync(CancellationToken.None).ConfigureAwait(false);
            }
            await writer
                .WriteStatisticsAsync(
                    (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick,
                    _queue.Seen,
                    _queue.Dropped,
                    parameters.Filter is { Length: > 0 } filter ? $"filter: {filter}" : "no filter",
                    CancellationToken.None
                )
                .ConfigureAwait(false);
        }
        finally
        {
            session.Tap.Remove(_queue);
            session.Changed -= EndWithSession;
        }
    }

    private async ValueTask WriteAsync(PcapngWriter writer, CapturedPacket packet)
    {
        try
        {
            if (PacketFacts.TryRead(packet.Packet.Span, out var facts))
            {
                await NameAsync(writer, facts.Source).ConfigureAwait(false);
                await NameAsync(writer, facts.Destination).ConfigureAwait(false);
            }
            await writer.WritePacketAsync(packet, CancellationToken.None).ConfigureAwait(false);
            Interlocked.Increment(ref _packets);
            Interlocked.Add(ref _bytes, packet.Length);
        }
        finally
        {
            _queue.Return(packet);
        }
    }

    /// <summary>Before the first packet with the address, so that readers have the name when they come to it.</summary>
    private async ValueTask NameAsync(PcapngWriter writer, Packets.NetAddress address)
    {
        if (await _names.FindAsync(address, CancellationToken.None).ConfigureAwait(false) is var (shown, name))
            await writer.WriteNameAsync(shown, name, CancellationToken.None).ConfigureAwait(false);
    }

    private void EndWithSession(EngineSession changed)
    {
        if (changed.State is not (SessionState.Connected or SessionState.Reconnecting))
            _queue.Complete();
    }

    private TraceProgress Progress() =>
        new(parameters.Operation, Interlocked.Read(ref _packets), Interlocked.Read(ref _bytes), _queue.Dropped);

    /// <summary>
    /// A new file that its owner alone may read: payload is in it. The engine runs as the user, so it is the user's; what is there
    /// under the name is never written to, also not through a link.
    /// </summary>
    private static FileStream Create(TraceParameters parameters)
    {
        if (parameters.Overwrite)
            File.Delete(parameters.Path);
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.Read,
            Options = FileOptions.Asynchronous,
            BufferSize = 1 << 16,
        };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new FileStream(parameters.Path, options);
    }

    private static PacketFilter FilterOf(TraceParameters parameters)
    {
        try
        {
            return PacketFilter.Parse(parameters.Filter);
        }
        catch (FormatException e)
        {
            throw ErrorCatalogue.Error(
                ErrorId.InvalidParameter,
                parameters.Filter,
                e,
                ("parameter", "Filter"),
                ("value", parameters.Filter),
                ("reason", e.Message),
                ("command", "Trace-TelepresencePacket")
            );
        }
    }
}
