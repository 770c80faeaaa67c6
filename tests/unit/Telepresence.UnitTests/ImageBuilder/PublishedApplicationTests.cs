using System.Text;
using Telepresence.ImageBuilder;

namespace Telepresence.UnitTests.ImageBuilder;

public sealed class PublishedApplicationTests
{
    [Fact]
    public void The_runtimes_files_are_those_of_its_packs()
    {
        var files = Read(
            """
            {"targets": {"net10.0/linux-x64": {
              "Own/1.0.0": {"runtime": {"Own.dll": {}}},
              "Library/2.0.0": {"runtime": {"lib/net8.0/Library.dll": {}}},
              "runtimepack.Core/10.0.0": {"runtime": {"System.dll": {}}, "native": {"libcoreclr.so": {}}},
              "runtimepack.Web/10.0.0": {"runtime": {"Web.dll": {}}}
            }}}
            """
        );
        Assert.Equal(["System.dll", "Web.dll", "libcoreclr.so"], files.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Without_a_runtime_it_is_refused() =>
        Assert.Throws<InvalidDataException>(() => Read("""{"targets": {"net10.0": {"Own/1.0.0": {}}}}"""));

    private static HashSet<string> Read(string json)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(json));
        return PublishedApplication.ReadRuntimeFiles(stream);
    }
}
