using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Sdk.Core.Cryptography;
using Sdk.Core.Payments;

namespace Sdk.Simulation.Payments;

/// <summary>The keys of all runs: derived from names, so that they are the same in every process, and made once, so that a seed is cheap.</summary>
internal static class PaymentKeys
{
    private static readonly ConcurrentDictionary<int, KeyPair> Keys = new();
    private static readonly ConcurrentDictionary<AccountAddress, int> Indexes = new();

    public static ChequeDomain Domain { get; } = new(20_300_101, Trader(-1).Address);

    public static KeyPair Trader(int index) => Keys.GetOrAdd(index, static index =>
    {
        // The upper bit is cleared, so that the number lies below the order of the curve.
        byte[] scalar = SHA256.HashData(Encoding.UTF8.GetBytes($"trader {index}"));
        scalar[0] &= 0x7F;
        KeyPair key = KeyPair.FromPrivateKey(scalar);
        Indexes[key.Address] = index;
        return key;
    });

    public static int IndexOf(AccountAddress account) => Indexes[account];
}
