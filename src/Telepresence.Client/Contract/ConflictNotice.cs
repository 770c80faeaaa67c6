using Telepresence.Client.Objects;

namespace Telepresence.Client.Contract;

/// <summary>A conflict that came up in a connected session.</summary>
/// <param name="Session">Name of the session.</param>
/// <param name="Conflict">What collides, and how it was resolved.</param>
public sealed record ConflictNotice(string Session, TelepresenceConflict Conflict);
