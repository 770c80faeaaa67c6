namespace Telepresence.Engine.Packets;

/// <summary>One block of a SACK option (RFC 2018 §3): received from <paramref name="Start"/> up to, not including, End.</summary>
internal readonly record struct SackBlock(SequenceNumber Start, SequenceNumber End);
