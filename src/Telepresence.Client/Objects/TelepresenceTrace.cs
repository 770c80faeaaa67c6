namespace Telepresence.Client.Objects;

/// <summary>A capture that was written.</summary>
public sealed class TelepresenceTrace
{
    /// <summary>The file.</summary>
    public string Path { get; set; } = "";

    /// <summary>Name of the session.</summary>
    public string Session { get; set; } = "";

    /// <summary>Which packets; empty: all.</summary>
    public string Filter { get; set; } = "";

    /// <summary>Packets in the file.</summary>
    public long Packets { get; set; }

    /// <summary>Bytes of these packets.</summary>
    public long Bytes { get; set; }

    /// <summary>Packets that came faster than they could be written; the network had them.</summary>
    public long Dropped { get; set; }

    /// <summary>When it began (UTC).</summary>
    public DateTime Since { get; set; }

    /// <summary>How long it took, in seconds.</summary>
    public double Duration { get; set; }

    /// <summary>The file.</summary>
    public override string ToString() => Path;
}
