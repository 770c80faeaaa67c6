using System.Text.Json.Nodes;
using Telepresence.Client.Contract;
using Telepresence.Client.Errors;

namespace Telepresence.Engine.Installation.Values;

/// <summary>Where values come from, the lowest first: those of before, files in their order, -Set, -SetString, -Image.</summary>
internal static class ValuesSources
{
    private const int LargestFile = 1 << 20;

    /// <param name="present">What the last installation kept; null: nothing.</param>
    /// <exception cref="TelepresenceException">InvalidManagerValue, which names file or parameter.</exception>
    public static ManagerValues Read(InstallationParameters parameters, JsonObject? present)
    {
        var values = present ?? [];
        foreach (var file in parameters.ValuesFiles)
        {
            values = Typed(file, () => ValuesMerge.Over(ValuesText.Parse(ReadFile(file)), values));
        }
        values = Typed("-Set", () => Over(values, parameters.Set, asText: false));
        values = Typed("-SetString", () => Over(values, parameters.SetString, asText: true));
        if (parameters.Image is { } image)
        {
            values = Typed("-Image", () => ValuesMerge.Over(OfImage(ImageReference.Parse(image)), values));
        }
        return Typed(Sources(parameters), () => ManagerValues.Read(values));
    }

    /// <summary>What an image means to the chart.</summary>
    public static JsonObject OfImage(ImageReference image) =>
        new()
        {
            ["image"] = new JsonObject
            {
                ["registry"] = image.Registry,
                ["name"] = image.Name,
                ["tag"] = image.Tag,
            },
        };

    /// <summary>An error about the merged values can have come from any of them.</summary>
    private static string Sources(InstallationParameters parameters)
    {
        string?[] sources =
        [
            .. parameters.ValuesFiles,
            parameters.Set.Count > 0 ? "-Set" : null,
            parameters.SetString.Count > 0 ? "-SetString" : null,
            parameters.Image is null ? null : "-Image",
        ];
        var given = string.Join(", ", sources.OfType<string>());
        return given.Length > 0 ? given : "the installation";
    }

    /// <summary>Nulls are kept until then: they remove what is below.</summary>
    private static JsonObject Over(JsonObject values, IReadOnlyList<string> set, bool asText)
    {
        var edited = (JsonObject)values.DeepClone();
        foreach (var text in set)
        {
            HelmSet.Apply(text, edited, asText);
        }
        return ValuesMerge.Over(edited, []);
    }

    private static string ReadFile(string path)
    {
        try
        {
            return new FileInfo(path) is { Exists: true, Length: > LargestFile }
                ? throw new InvalidValueException("", $"it has more than {LargestFile} bytes")
                : File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidValueException("", e.Message);
        }
    }

    private static T Typed<T>(string source, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (InvalidValueException e)
        {
            throw ErrorCatalogue.Error(
                ErrorId.InvalidManagerValue,
                e.Path.Length > 0 ? e.Path : source,
                e,
                ("source", source),
                ("reason", e.Message)
            );
        }
    }
}
