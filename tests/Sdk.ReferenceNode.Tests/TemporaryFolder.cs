namespace Sdk.ReferenceNode.Tests;

/// <summary>A folder for one test, removed with it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string FullName { get; } = Directory.CreateTempSubdirectory("sdk-test-").FullName;

    /// <summary>Writes <paramref name="lengthBytes"/> bytes that depend on the name only.</summary>
    public string Write(string name, int lengthBytes)
    {
        var path = Path.Combine(FullName, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var bytes = new byte[lengthBytes];
        new Random(name.Length + lengthBytes).NextBytes(bytes);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    public void Dispose() => Directory.Delete(FullName, recursive: true);
}
