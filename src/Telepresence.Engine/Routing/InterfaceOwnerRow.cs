namespace Telepresence.Engine.Routing;

/// <summary>
/// What tells whose an interface is: patterns with * and ? in any case; null matches everything. The first row that fits
/// decides, so a product's own name stands before the kind of device that several products use. A name that several
/// products use names none of them.
/// </summary>
/// <param name="Kind">IFLA_INFO_KIND.</param>
internal sealed record InterfaceOwnerRow(
    InterfaceSystem System,
    string Owner,
    string? Name = null,
    string? Kind = null,
    string? Description = null
);
