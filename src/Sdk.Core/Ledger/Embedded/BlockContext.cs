using Sdk.Core.Cryptography;

namespace Sdk.Core.Ledger.Embedded;

/// <summary>The block that calls run in, and the hashes of those before it.</summary>
/// <param name="Number">The block's number.</param>
/// <param name="Timestamp">Its time, in seconds since 1970.</param>
/// <param name="HashOf">The hash of an earlier block.</param>
internal sealed record BlockContext(ulong Number, ulong Timestamp, Func<ulong, Hash256> HashOf)
{
    /// <summary>How many earlier blocks a contract can ask for, as on the EVM.</summary>
    public const int HashesKept = 256;
}
