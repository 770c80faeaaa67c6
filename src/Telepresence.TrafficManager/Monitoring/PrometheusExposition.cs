using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Telepresence.TrafficManager.Monitoring;

/// <summary>A meter's observable instruments in Prometheus' text format, version 0.0.4.</summary>
internal sealed class PrometheusExposition : IDisposable
{
    /// <summary>Content type of the format.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, (Instrument Instrument, string Value)> _values = new(
        StringComparer.Ordinal
    );
    private readonly MeterListener _listener = new();

    public PrometheusExposition(Meter meter)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter == meter)
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<int>((instrument, value, _, _) => Take(instrument, value));
        _listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => Take(instrument, value));
        _listener.Start();
    }

    /// <summary>Every instrument's present value.</summary>
    public string Write()
    {
        var text = new StringBuilder();
        lock (_lock)
        {
            _listener.RecordObservableInstruments();
            foreach (var (name, (instrument, value)) in _values)
            {
                var type = instrument is ObservableCounter<long> or ObservableCounter<int> ? "counter" : "gauge";
                text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {instrument.Description}\n");
                text.Append(CultureInfo.InvariantCulture, $"# TYPE {name} {type}\n{name} {value}\n");
            }
        }
        return text.ToString();
    }

    public void Dispose() => _listener.Dispose();

    /// <summary>Called within <see cref="Write"/>: nothing but observable instruments is listened to.</summary>
    private void Take(Instrument instrument, long value) =>
        _values[instrument.Name] = (instrument, value.ToString(CultureInfo.InvariantCulture));
}
