namespace Sdk.Core.Tests.Cryptography;

/// <summary>
/// A test that reads a file of published vectors from the folder that the environment variable SDK_VECTORS names (a checkout of
/// Wycheproof's testvectors_v1 will do); skipped by name where it is not there.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class VectorFactAttribute : FactAttribute
{
    public VectorFactAttribute(string fileName)
    {
        if (!File.Exists(PathOf(fileName)))
        {
            Skip = $"SDK_VECTORS names no folder with {fileName}";
        }
    }

    public static string PathOf(string fileName) => Path.Combine(Environment.GetEnvironmentVariable("SDK_VECTORS") ?? "", fileName);
}
