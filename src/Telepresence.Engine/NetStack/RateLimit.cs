namespace Telepresence.Engine.NetStack;

/// <summary>So many a second and no more. Times are the loop's microseconds.</summary>
internal struct RateLimit(int perSecond)
{
    private long _second = -1;
    private int _taken;

    /// <summary>False: this second's share is used up.</summary>
    public bool TryTake(long now)
    {
        var second = now / 1_000_000;
        if (second != _second)
        {
            _second = second;
            _taken = 0;
        }

        return _taken++ < perSecond;
    }
}
