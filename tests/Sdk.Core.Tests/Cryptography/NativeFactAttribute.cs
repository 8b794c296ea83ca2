using Sdk.Core.Cryptography;

namespace Sdk.Core.Tests.Cryptography;

/// <summary>A test of the native secp256k1; skipped by name where the machine has no libsecp256k1.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NativeFactAttribute : FactAttribute
{
    public NativeFactAttribute(string? vectors = null)
    {
        if (NativeSecp256k1.Instance is null)
        {
            Skip = "libsecp256k1 is not installed";
        }
        else if (vectors is not null)
        {
            Skip = new VectorFactAttribute(vectors).Skip;
        }
    }
}
