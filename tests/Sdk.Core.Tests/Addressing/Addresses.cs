using System.Numerics;
using FsCheck;
using FsCheck.Fluent;
using Sdk.Core.Addressing;

namespace Sdk.Core.Tests.Addressing;

/// <summary>Overlay addresses for tests; those that are generated often share long prefixes, where the interesting cases are.</summary>
internal static class Addresses
{
    /// <summary>Any address; half of them are within few bits of zero.</summary>
    public static Gen<OverlayAddress> Any { get; } =
        from bytes in Gen.Choose(0, 255).ArrayOf(OverlayAddress.LengthBytes)
        from zeros in Gen.OneOf(Gen.Constant(0), Gen.Choose(0, 256))
        select WithZeros([.. bytes.Select(each => (byte)each)], zeros);

    public static OverlayAddress Random(Random random)
    {
        var bytes = new byte[OverlayAddress.LengthBytes];
        random.NextBytes(bytes);
        return OverlayAddress.FromBytes(bytes);
    }

    /// <summary>An address that shares exactly the given number of leading bits with another.</summary>
    public static OverlayAddress At(OverlayAddress self, int proximity, Random random)
    {
        var bytes = new byte[OverlayAddress.LengthBytes];
        var own = new byte[OverlayAddress.LengthBytes];
        random.NextBytes(bytes);
        self.CopyTo(own);
        for (var bit = 0; bit <= proximity; bit++)
        {
            var mask = (byte)(0x80 >> (bit % 8));
            var value = bit < proximity ? own[bit / 8] : ~own[bit / 8];
            bytes[bit / 8] = (byte)((bytes[bit / 8] & ~mask) | (value & mask));
        }

        return OverlayAddress.FromBytes(bytes);
    }

    public static BigInteger Distance(OverlayAddress one, OverlayAddress other) => Number(one) ^ Number(other);

    private static BigInteger Number(OverlayAddress address) => new(address.ToHash256().Bytes, isUnsigned: true, isBigEndian: true);

    private static OverlayAddress WithZeros(byte[] bytes, int zeros)
    {
        for (var bit = 0; bit < zeros; bit++)
        {
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        }

        return OverlayAddress.FromBytes(bytes);
    }
}
