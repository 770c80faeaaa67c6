namespace Telepresence.ModuleBuilder;

/// <summary>A help page is not as platyPS's schema wants it.</summary>
internal sealed class HelpFormatException(string file, string reason) : Exception($"{file}: {reason}");
