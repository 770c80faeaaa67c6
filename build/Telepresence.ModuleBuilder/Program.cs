using Telepresence.Client.Errors;
using Telepresence.ModuleBuilder;

try
{
    switch (args)
    {
        case ["assemble", var repository, var configuration, var version, var output]:
            new ModuleAssembly(repository, configuration, version).WriteTo(output);
            return 0;
        case ["pack", var folder, var version, var package]:
            ModulePackage.Write(folder, version, package);
            return 0;
        default:
            Console.Error.WriteLine(
                "usage: ModuleBuilder assemble REPOSITORY CONFIGURATION VERSION OUTPUT | pack FOLDER VERSION PACKAGE"
            );
            return 2;
    }
}
catch (Exception e) when (e is IOException or HelpFormatException or TelepresenceException)
{
    Console.Error.WriteLine($"ModuleBuilder : error TPM0001: {e.Message}");
    return 1;
}
