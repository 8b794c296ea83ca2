using System.Buffers.Binary;
using Sdk.Core.Cryptography;
using Sdk.Core.Ledger.Modules.HashLocks;
using Sdk.Core.Payments;
using Sdk.Core.Payments.Transfers;
using Sdk.Core.Persistence;

namespace Sdk.Core.Tests.Payments;

public sealed class TransferTermsTests
{
    private static readonly AccountAddress One = AccountAddress.Parse("0x00000000000000000000000000000000000000a1");
    private static readonly AccountAddress Other = AccountAddress.Parse("0x00000000000000000000000000000000000000a2");
    private static readonly DateTimeOffset Now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly TransferQuote Quote = new(
        new TransferLeg(1, One, default, 300, One, Other), new TransferLeg(2, Other, One, 200, Other, One));

    private static TransferTiming Timing { get; } = new(LedgerTiming.Embedded, LedgerTiming.Ethereum, TimeSpan.FromMinutes(2), TimeSpan.FromHours(8));

    [Fact]
    public void The_last_claim_of_the_second_lock_leaves_time_for_the_first()
    {
        var (first, second) = Timing.DeadlinesFrom(Now);
        var gap = TimeSpan.FromSeconds(first - second);
        var (one, other) = (Timing.First, Timing.Second);
        Assert.True(gap >= other.ClockSkew + other.Inclusion + other.Finality + other.Reorganization + Timing.Response + one.Inclusion + one.Reorganization + one.ClockSkew);
        Assert.Null(TransferMachine.FaultOf(Quote, TermsOf(first, second), Timing, Now));
        Assert.Equal(TransferFault.GapTooShort, TransferMachine.FaultOf(Quote, TermsOf(second + (ulong)Timing.Gap.TotalSeconds - 1, second), Timing, Now));
    }

    [Fact]
    public void A_proposal_that_comes_too_late_or_locks_too_long_is_refused()
    {
        var (first, second) = Timing.DeadlinesFrom(Now);
        var late = DateTimeOffset.FromUnixTimeSeconds((long)second) - Timing.SecondLockLead;
        Assert.Equal(TransferFault.TooLate, TransferMachine.FaultOf(Quote, TermsOf(first, second), Timing, late));
        Assert.Equal(TransferFault.LockedTooLong, TransferMachine.FaultOf(Quote, TermsOf(first + 40_000, second), Timing, Now));
    }

    [Fact]
    public void Only_the_first_lock_may_burn_and_both_are_on_different_ledgers()
    {
        var (first, second) = Timing.DeadlinesFrom(Now);
        var terms = TermsOf(first, second);
        Assert.True((terms with { Quote = Quote with { First = Quote.First with { Recipient = HashLocksContract.Burn } } }).IsSound);
        Assert.False((terms with { Quote = Quote with { Second = Quote.Second with { Recipient = HashLocksContract.Burn } } }).IsSound);
        Assert.False((terms with { Quote = Quote with { Second = Quote.Second with { ChainId = 1 } } }).IsSound);
    }

    [Theory]
    [InlineData(-1, 60)]
    [InlineData(60, 0)]
    public void Margins_that_mean_nothing_are_refused(int inclusionSeconds, int responseSeconds) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new TransferTiming(
            LedgerTiming.Embedded with { Inclusion = TimeSpan.FromSeconds(inclusionSeconds) }, LedgerTiming.Embedded, TimeSpan.FromSeconds(responseSeconds), TimeSpan.FromHours(8)));

    [Fact]
    public void A_record_comes_back_as_it_was_and_says_no_secret()
    {
        var record = Record();
        var read = TransferRecord.Decode(record.Encode());
        Assert.Equal(record.Secret!.Reveal(), read.Secret!.Reveal());
        Assert.Equal((record.Terms, record.Role, true, 7UL, TransferOutcome.Refunded), (read.Terms, read.Role, read.IsLockSubmitted, read.SecondFromBlock, read.Outcome));
        Assert.Equal((Timing.Gap, Timing.LockMax), (read.Timing.Gap, read.Timing.LockMax));
        Assert.DoesNotContain(record.Secret.Reveal().ToString(), record.ToString(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void A_damaged_record_is_never_guessed_at()
    {
        var bytes = Record().Encode();
        for (var i = 1; i < bytes.Length; i += 13)
        {
            byte[] damaged = [.. bytes];
            damaged[i] ^= 0x40;
            Assert.Throws<SnapshotCorruptException>(() => TransferRecord.Decode(damaged));
        }

        Assert.Throws<SnapshotCorruptException>(() => TransferRecord.Decode(bytes.AsSpan(1)));
        bytes[0] = 2;
        Assert.Throws<FormatTooNewException>(() => TransferRecord.Decode(bytes));
    }

    [Fact]
    public void A_record_whose_fields_make_no_sense_is_refused_though_its_checksum_fits()
    {
        var bytes = Record().Encode();
        bytes[1 + TransferTerms.LengthBytes + 31] = 9;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(bytes.Length - 4), Crc32C.Compute(bytes.AsSpan(0, bytes.Length - 4)));
        Assert.Throws<SnapshotCorruptException>(() => TransferRecord.Decode(bytes));
    }

    [Fact]
    public void The_secret_does_not_lie_on_the_disk_in_clear_and_comes_back_with_its_keepers_key_alone()
    {
        using var keeper = KeyPair.GenerateTestOnly();
        using var stranger = KeyPair.GenerateTestOnly();
        var place = Directory.CreateTempSubdirectory("sdk-transfer-");
        try
        {
            using var directory = DataDirectory.Open(place.FullName);
            var files = new TransferFiles(directory);
            var record = Record();
            var (role, hash) = (record.Role, record.Terms.SecretHash);
            files.Write(role, hash, record.Encode(), keeper);

            var stored = File.ReadAllBytes(Directory.GetFiles(place.FullName, "transfer-*").Single());
            Assert.Equal(-1, stored.AsSpan().IndexOf(record.Secret!.Reveal().Bytes));
            Assert.Equal(record.Secret.Reveal(), files.Read(role, hash, keeper)!.Secret!.Reveal());
            Assert.Throws<SnapshotCorruptException>(() => files.Read(role, hash, stranger));
            Assert.Equal((record.Terms, null), (Assert.Single(files.All()).Terms, files.All()[0].Secret));
        }
        finally
        {
            place.Delete(recursive: true);
        }
    }

    private static TransferTerms TermsOf(ulong first, ulong second) => new(Quote, Hash256.Sha256("x"u8), first, second);

    private static TransferRecord Record()
    {
        var secret = TransferSecret.Draw();
        var (first, second) = Timing.DeadlinesFrom(Now);
        return new TransferRecord
        {
            Role = TransferRole.Initiator,
            Terms = new TransferTerms(Quote, secret.Hash, first, second),
            Timing = Timing,
            Secret = secret,
            IsLockSubmitted = true,
            FirstFromBlock = 5,
            SecondFromBlock = 7,
            Outcome = TransferOutcome.Refunded,
        };
    }
}
