using FsCheck;
using FsCheck.Fluent;
using Sdk.Core.Overlay.Records;
using static Sdk.Core.Tests.Overlay.Records.RecordSamples;

namespace Sdk.Core.Tests.Overlay.Records;

public class OverlayRecordTests
{
    [Fact]
    public void What_was_signed_reads_back_and_verifies() => Prop.ForAll(
        ArbMap.Default.ArbFor<byte[]>(), ArbMap.Default.ArbFor<ulong>(), ArbMap.Default.ArbFor<uint>(), (value, version, seconds) =>
        {
            value = [.. value.Take(Shared.ValueLengthBytesMax), 1];
            using var writer = Key(3);
            var issued = DateTimeOffset.FromUnixTimeSeconds(seconds);
            var record = OverlayRecord.Create(writer, Network, Shared, Address(9), version, value, issued, TimeSpan.FromSeconds(1 + (seconds % 7200)));
            var read = OverlayRecord.Decode(record.Encode());
            return read.Verify() && record.Verify()
                && read.Encode().SequenceEqual(record.Encode()) && read.LengthBytes == OverlayRecord.OverheadLengthBytes + value.Length
                && read.Value.Span.SequenceEqual(value) && read.Version == version && read.Writer == writer.Address && read.KindId == Shared.Id
                && read.NetworkId == Network && read.Key == Address(9) && read.Issued == issued && read.Expires > issued && read.Digest == record.Digest;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void No_bit_of_a_record_can_be_changed()
    {
        using var writer = Key(1);
        var encoded = At(Address(1), writer).Encode();
        for (var bit = 0; bit < encoded.Length * 8; bit++)
        {
            var altered = encoded.ToArray();
            altered[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(OverlayRecord.TryDecode(altered, out var read) && read.Verify(), $"bit {bit}");
        }
    }

    [Fact]
    public void A_record_of_another_length_is_none()
    {
        using var writer = Key(1);
        var encoded = At(Address(1), writer).Encode();
        for (var length = 0; length < OverlayRecord.OverheadLengthBytes; length++)
        {
            Assert.False(OverlayRecord.TryDecode(encoded.AsSpan(0, length), out _));
        }

        // Within the bounds a cut or longer one is a record whose signature is wrong.
        Assert.False(OverlayRecord.TryDecode(encoded.AsSpan(0, encoded.Length - 1), out var cut) && cut.Verify());
        Assert.False(OverlayRecord.TryDecode([.. encoded, 0], out var longer) && longer.Verify());
        Assert.False(OverlayRecord.TryDecode(new byte[OverlayRecord.LengthBytesMax + 1], out _));
        Assert.Throws<CryptographyException>(() => OverlayRecord.Decode([1, 2, 3]));
    }

    [Fact]
    public void The_times_are_in_order_and_within_the_calendar()
    {
        using var writer = Key(1);
        var encoded = At(Address(1), writer).Encode();
        var issued = encoded.AsSpan(73, 8).ToArray();
        var expires = encoded.AsSpan(81, 8).ToArray();
        Assert.Equal((ulong)Now.ToUnixTimeSeconds(), BitConverter.ToUInt64(issued));
        Assert.False(OverlayRecord.TryDecode([.. encoded[..73], .. expires, .. expires, .. encoded[89..]], out _));
        Assert.False(OverlayRecord.TryDecode([.. encoded[..73], .. expires, .. issued, .. encoded[89..]], out _));
        Assert.False(OverlayRecord.TryDecode([.. encoded[..73], .. issued, .. BitConverter.GetBytes(253_402_300_800UL), .. encoded[89..]], out _));
        Assert.False(OverlayRecord.TryDecode([.. encoded[..73], .. issued, .. BitConverter.GetBytes(ulong.MaxValue), .. encoded[89..]], out _));
    }

    [Fact]
    public void What_the_kind_does_not_allow_is_not_signed()
    {
        using var writer = Key(1);
        OverlayRecord Make(int lengthBytes, TimeSpan lifetime) =>
            OverlayRecord.Create(writer, Network, Shared, Address(1), 1, new byte[lengthBytes], Now, lifetime);
        Assert.Throws<ArgumentException>(() => Make(Shared.ValueLengthBytesMax + 1, TimeSpan.FromHours(1)));
        Assert.Throws<ArgumentException>(() => Make(1, Shared.LifetimeMax + TimeSpan.FromSeconds(1)));
        Assert.Throws<ArgumentException>(() => Make(1, TimeSpan.FromMilliseconds(900)));
        Assert.Throws<ArgumentException>(() => Make(0, TimeSpan.FromHours(1)));
        Assert.Equal(Shared.ValueLengthBytesMax, Make(Shared.ValueLengthBytesMax, Shared.LifetimeMax).Value.Length);
    }

    [Fact]
    public void A_deletion_lives_as_long_as_its_kind_allows()
    {
        using var writer = Key(1);
        var deletion = Received(OverlayRecord.Delete(writer, Network, Shared, Address(1), 5, Now));
        Assert.True(deletion.IsDeletion);
        Assert.True(deletion.Verify());
        Assert.Equal(Now + Shared.LifetimeMax, deletion.Expires);
    }

    [Fact]
    public void Of_two_records_exactly_one_replaces_the_other()
    {
        using var writer = Key(1);
        var older = At(Address(1), writer, 1);
        var newer = At(Address(1), writer, 2);
        var twin = At(Address(1), writer, 2, lengthBytes: 11);
        Assert.True(newer.Replaces(older));
        Assert.False(older.Replaces(newer));
        Assert.False(newer.Replaces(newer));
        Assert.NotEqual(newer.Replaces(twin), twin.Replaces(newer));
    }
}
