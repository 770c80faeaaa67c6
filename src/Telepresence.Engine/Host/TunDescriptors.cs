using System.Collections.Concurrent;
using Microsoft.Win32.SafeHandles;
using Telepresence.Client.Errors;

namespace Telepresence.Engine.Host;

/// <summary>
/// Open descriptors of /dev/net/tun, from a launcher that was allowed to open it. Where the user may open the device there
/// are none, and the virtual interface opens it itself.
/// </summary>
internal sealed class TunDescriptors : IDisposable
{
    private readonly ConcurrentQueue<SafeFileHandle> _handles;
    private readonly bool _handedOver;

    public TunDescriptors(IReadOnlyList<int> descriptors)
    {
        _handedOver = descriptors.Count > 0;
        _handles = new(descriptors.Select(descriptor => new SafeFileHandle(descriptor, ownsHandle: true)));
        foreach (var handle in _handles)
        {
            // They had to survive one exec; a credential plugin must not get them.
            ProcessDetachment.CloseOnExec(handle);
        }
    }

    /// <summary>For <c>VifOptions.Handles</c>: null where the device is to be opened there.</summary>
    /// <exception cref="TelepresenceException">TunUnavailable: all that were handed over are used up.</exception>
    public IReadOnlyList<SafeFileHandle>? Take(int queues)
    {
        if (!_handedOver)
        {
            return null;
        }
        List<SafeFileHandle> taken = [];
        while (taken.Count < queues)
        {
            if (!_handles.TryDequeue(out var handle))
            {
                taken.ForEach(_handles.Enqueue);
                throw ErrorCatalogue.Error(
                    ErrorId.TunUnavailable,
                    null,
                    ("device", "/dev/net/tun"),
                    (
                        "reason",
                        "all descriptors this engine was given are used; disconnect all sessions, so that a new engine starts"
                    )
                );
            }
            taken.Add(handle);
        }
        return taken;
    }

    public void Dispose()
    {
        while (_handles.TryDequeue(out var handle))
        {
            handle.Dispose();
        }
    }
}
