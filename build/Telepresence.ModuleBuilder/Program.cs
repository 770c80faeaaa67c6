using Telepresence.ModuleBuilder;

if (args.Length != 4)
{
    Console.Error.WriteLine("usage: ModuleBuilder REPOSITORY CONFIGURATION VERSION OUTPUT");
    return 2;
}
try
{
    new ModuleAssembly(args[0], args[1], args[2]).WriteTo(args[3]);
    return 0;
}
catch (Exception e) when (e is IOException or HelpFormatException)
{
    Console.Error.WriteLine($"ModuleBuilder : error TPM0001: {e.Message}");
    return 1;
}
