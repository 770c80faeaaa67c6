using Telepresence.Client.Contract;

namespace Telepresence.Client.Errors;

/// <summary>An error with an id, what happened, and what to do next. Made by <see cref="ErrorCatalogue"/>.</summary>
public sealed class TelepresenceException : Exception
{
    internal TelepresenceException(
        string id,
        TelepresenceErrorCategory category,
        string message,
        string recommendedAction,
        object? targetObject,
        string helpAnchor,
        Exception? innerException
    )
        : base(message, innerException)
    {
        Id = id;
        Category = category;
        RecommendedAction = recommendedAction;
        TargetObject = targetObject;
        HelpAnchor = helpAnchor;
    }

    /// <summary>Name of an <see cref="ErrorId"/>; a newer engine may send one that is not known here.</summary>
    public string Id { get; }

    /// <summary>PowerShell's category.</summary>
    public TelepresenceErrorCategory Category { get; }

    /// <summary>A command line to paste.</summary>
    public string RecommendedAction { get; }

    /// <summary>What it is about, or null.</summary>
    public object? TargetObject { get; }

    /// <summary>Where the help says more.</summary>
    public string HelpAnchor { get; }

    /// <summary>True for the error of that id.</summary>
    public bool Is(ErrorId id) => Id == id.ToString();

    /// <summary>The error as it goes over the wire.</summary>
    public ErrorData ToData() =>
        new(Id, Category.ToString(), Message, RecommendedAction, TargetObject?.ToString(), HelpAnchor);

    /// <summary>The error as it came over the wire; a category that is not known here is NotSpecified.</summary>
    public static TelepresenceException FromData(ErrorData data, Exception? innerException = null) =>
        new(
            data.Id,
            Enum.TryParse<TelepresenceErrorCategory>(data.Category, out var category)
                ? category
                : TelepresenceErrorCategory.NotSpecified,
            data.Message,
            data.RecommendedAction,
            data.TargetObject,
            data.HelpAnchor,
            innerException
        );
}
