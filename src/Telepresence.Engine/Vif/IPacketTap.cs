namespace Telepresence.Engine.Vif;

/// <summary>Sees packets as they pass. Called on the packet loops, of which there may be several: must return at once.</summary>
internal interface IPacketTap
{
    /// <param name="packet">Valid until the call returns.</param>
    /// <param name="isInbound">From the engine to this machine's programs.</param>
    void OnPacket(ReadOnlySpan<byte> packet, bool isInbound);
}
