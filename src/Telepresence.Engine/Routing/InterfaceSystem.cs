namespace Telepresence.Engine.Routing;

/// <summary>Which system's names and descriptions an interface has.</summary>
internal enum InterfaceSystem
{
    Linux,
    MacOS,
    Windows,
}
