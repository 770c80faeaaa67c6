using Telepresence.Client.Errors;
using Telepresence.Client.Ipc;
using Telepresence.Engine.Session.Configuration;
using Telepresence.Engine.Session.Planning;
using Telepresence.Engine.Session.Views;
using Telepresence.Engine.Vnat;

namespace Telepresence.Engine.Session;

/// <summary>Turns what the rooms below throw into errors of the catalogue.</summary>
internal static class SessionErrors
{
    /// <summary>The error a user should see; a fault of ours becomes InternalError.</summary>
    public static Exception ToTyped(Exception exception) =>
        exception switch
        {
            TelepresenceException or ITypedError or OperationCanceledException => exception,
            VirtualSubnetExhaustedException e => ErrorCatalogue.Error(
                ErrorId.VirtualSubnetExhausted,
                e.Subnet.ToString(),
                e,
                ("subnet", e.Subnet)
            ),
            InvalidConfigurationException e => ErrorCatalogue.Error(
                ErrorId.InvalidConfiguration,
                e.ConfigurationSource,
                e,
                ("reason", e.Message)
            ),
            _ => ErrorCatalogue.Error(
                ErrorId.InternalError,
                null,
                exception,
                ("reason", $"{exception.GetType().Name}: {exception.Message}")
            ),
        };

    /// <summary>Id and words of an error, for a session's last error.</summary>
    public static (string Id, string Message) Describe(Exception exception) =>
        ToTyped(exception) switch
        {
            TelepresenceException e => (e.Id, e.Message),
            ITypedError e when e.ToData() is var data => (data.Id, data.Message),
            var e => (nameof(ErrorId.InternalError), e.Message),
        };

    /// <summary>The refusal of PROTOCOL §4.3.</summary>
    /// <param name="refused">One of the plan's, with its conflict.</param>
    public static TelepresenceException Conflict(PlannedSubnet refused, SubnetPlan plan, SessionSettings settings) =>
        ErrorCatalogue.Error(
            ErrorId.SubnetConflict,
            refused.Prefix.ToString(),
            ("conflict", refused.Conflict),
            ("parameters", ConnectCommand.Recommended(plan, settings)["Connect-Telepresence ".Length..])
        );
}
