using Sdk.Core.Cryptography;

namespace Sdk.Core.Tests.Cryptography;

/// <summary>The same checks (<see cref="Secp256k1Checks"/>) on the implementation that is always there.</summary>
public class ManagedSecp256k1Tests
{
    private static readonly Secp256k1Checks Checks = new(ManagedSecp256k1.Instance);

    [Fact]
    public void Signatures_are_the_published_deterministic_ones() => Checks.PublishedSignatures();

    [Fact]
    public void Public_keys_are_the_published_multiples_of_the_generator() => Checks.PublishedPublicKeys();

    [Fact]
    public void Every_signature_is_low_verifies_and_recovers_its_key() => Checks.SignaturesAreLowAndRecoverable();

    [Fact]
    public void Points_that_are_none_are_refused() => Checks.InvalidPointsAreRefused();

    [Fact]
    public void Recovery_from_impossible_numbers_finds_nobody() => Checks.ImpossibleRecoveries();

    [Fact]
    public void A_tweaked_private_key_has_the_tweaked_public_key() => Checks.TweakedKeysMatch();

    [VectorFact(Secp256k1Checks.BitcoinFile)]
    public void Wycheproof_Bitcoin_signatures_are_judged_as_published() => Checks.WycheproofBitcoin();

    [VectorFact(Secp256k1Checks.P1363File)]
    public void Wycheproof_P1363_signatures_are_judged_as_published() => Checks.WycheproofP1363();
}

/// <summary>The same checks on libsecp256k1, and that the two implementations cannot be told apart.</summary>
public class NativeSecp256k1Tests
{
    private static readonly Secp256k1Checks Checks = new(NativeSecp256k1.Instance!);

    [NativeFact]
    public void Signatures_are_the_published_deterministic_ones() => Checks.PublishedSignatures();

    [NativeFact]
    public void Public_keys_are_the_published_multiples_of_the_generator() => Checks.PublishedPublicKeys();

    [NativeFact]
    public void Every_signature_is_low_verifies_and_recovers_its_key() => Checks.SignaturesAreLowAndRecoverable();

    [NativeFact]
    public void Points_that_are_none_are_refused() => Checks.InvalidPointsAreRefused();

    [NativeFact]
    public void Recovery_from_impossible_numbers_finds_nobody() => Checks.ImpossibleRecoveries();

    [NativeFact]
    public void A_tweaked_private_key_has_the_tweaked_public_key() => Checks.TweakedKeysMatch();

    [NativeFact(Secp256k1Checks.BitcoinFile)]
    public void Wycheproof_Bitcoin_signatures_are_judged_as_published() => Checks.WycheproofBitcoin();

    [NativeFact(Secp256k1Checks.P1363File)]
    public void Wycheproof_P1363_signatures_are_judged_as_published() => Checks.WycheproofP1363();

    [NativeFact]
    public void Both_implementations_give_the_same_bytes() => Checks.AgreesWith(ManagedSecp256k1.Instance);

    [NativeFact]
    public void The_native_implementation_is_the_one_in_use() => Assert.Same(NativeSecp256k1.Instance, Secp256k1.Current);
}
