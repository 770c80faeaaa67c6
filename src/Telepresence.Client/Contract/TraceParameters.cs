namespace Telepresence.Client.Contract;

/// <summary>Asks for a capture of a session's interface.</summary>
/// <param name="Operation">Chosen by the client; comes back in <see cref="TraceProgress.Operation"/>.</param>
/// <param name="Path">Whole path of the file.</param>
/// <param name="Session">Null: the only session.</param>
/// <param name="Filter">Which packets; null: all.</param>
/// <param name="DurationSeconds">Null: until it is cancelled or the session ends.</param>
/// <param name="Overwrite">A file of that name is replaced.</param>
public sealed record TraceParameters(
    string Operation,
    string Path,
    string? Session = null,
    string? Filter = null,
    double? DurationSeconds = null,
    bool Overwrite = false
);

/// <summary>How far a capture is.</summary>
/// <param name="Operation"><see cref="TraceParameters.Operation"/>.</param>
/// <param name="Packets">In the file.</param>
/// <param name="Bytes">Of these packets.</param>
/// <param name="Dropped">Packets that came faster than they could be written; the network had them.</param>
public sealed record TraceProgress(string Operation, long Packets, long Bytes, long Dropped);
