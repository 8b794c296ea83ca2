using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace Sdk.Architecture.Tests;

/// <summary>A namespace is a folder, so that the rules about namespaces are rules about what a reader sees in the tree.</summary>
public sealed class FolderTests
{
    public static TheoryData<string> Packages => [.. ArrowTests.Packages];

    [Theory]
    [MemberData(nameof(Packages))]
    public void Every_type_lives_in_the_folder_that_its_namespace_names(string package)
    {
        var strays = SourcesOf(Assembly.Load(package).Location)
            .Where(source => !source.Path.Contains("/obj/", StringComparison.Ordinal))
            .Where(source => source.Path.Contains($"/src/{package}/", StringComparison.Ordinal))
            .Where(source => FolderNamespace(source.Path, package) != source.Type.Namespace && !source.IsException)
            .Select(source => $"{source.Type} lives in {source.Path}");
        Assert.Empty(strays.Distinct());
    }

    private static string FolderNamespace(string path, string package)
    {
        var inside = path[(path.IndexOf($"/src/{package}/", StringComparison.Ordinal) + "/src/".Length)..];
        return Path.GetDirectoryName(inside)!.Replace('/', '.');
    }

    /// <summary>Where each type's methods were written, from the symbols beside the assembly. Exceptions stand in one file per package.</summary>
    private static List<(TypeName Type, string Path, bool IsException)> SourcesOf(string assemblyPath)
    {
        using var image = new PEReader(File.OpenRead(assemblyPath));
        using var symbols = MetadataReaderProvider.FromPortablePdbStream(File.OpenRead(Path.ChangeExtension(assemblyPath, ".pdb")));
        var metadata = image.GetMetadataReader();
        var debug = symbols.GetMetadataReader();
        var decoder = new TypeNameDecoder(metadata.GetString(metadata.GetAssemblyDefinition().Name), _ => { });
        var sources = new List<(TypeName, string, bool)>();
        foreach (var handle in metadata.MethodDefinitions)
        {
            var document = debug.GetMethodDebugInformation(MetadataTokens.MethodDebugInformationHandle(MetadataTokens.GetRowNumber(handle))).Document;
            if (!document.IsNil)
            {
                var type = decoder.NameOf(metadata, metadata.GetMethodDefinition(handle).GetDeclaringType());
                var path = debug.GetString(debug.GetDocument(document).Name).Replace('\\', '/');
                sources.Add((type, path, type.Name.EndsWith("Exception", StringComparison.Ordinal)));
            }
        }

        return sources;
    }
}
