using System.Management.Automation;
using Telepresence.Client.Errors;

namespace Telepresence.PowerShell;

/// <summary>Errors of the catalogue as PowerShell shows them.</summary>
internal static class ErrorRecords
{
    /// <summary>The record of an exception; one that is not of the catalogue is a fault of ours.</summary>
    public static ErrorRecord From(Exception fault, object? target)
    {
        var error =
            fault as TelepresenceException
            ?? ErrorCatalogue.Error(ErrorId.InternalError, null, fault, ("reason", fault.Message));
        return new ErrorRecord(
            error,
            error.Id,
            Enum.TryParse<ErrorCategory>(error.Category.ToString(), out var category)
                ? category
                : ErrorCategory.NotSpecified,
            error.TargetObject ?? target
        )
        {
            ErrorDetails = new ErrorDetails(error.Message) { RecommendedAction = error.RecommendedAction },
        };
    }
}
