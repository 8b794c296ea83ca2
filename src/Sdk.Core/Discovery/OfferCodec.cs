using System.Text;
using System.Text.Unicode;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;

namespace Sdk.Core.Discovery;

/// <summary>
/// The encoding of an offer, one for each: version 1, the fields in order, integers little-endian, lists behind their count and texts behind
/// their length, a byte for each optional field whether it is there, attributes in the order of their names; then the signature.
/// </summary>
internal static class OfferCodec
{
    private const byte Version = 1;

    /// <summary>The encoding without the signature, of an offer within the limits.</summary>
    public static byte[] Write(ServiceOffer offer)
    {
        var writer = new FieldWriter()
            .Byte(Version).Put(offer.Credential.Encode())
            .Byte((byte)offer.Number).UInt64(offer.Version)
            .Name(offer.Kind.Name).Byte((byte)offer.Unit).UInt64(offer.Capacity)
            .Byte((byte)offer.Prices.Count);
        foreach (var band in offer.Prices)
        {
            writer.UInt16((ushort)band.MinReputation).Amount(band.PricePerUnit);
        }

        writer.PutShort(Encoding.ASCII.GetBytes(offer.Region ?? "")).Byte((byte)offer.Payments.Count);
        foreach (var payment in offer.Payments)
        {
            writer.Name(payment.Name);
        }

        writer.UInt32((uint)offer.MaxDuration.TotalSeconds);
        WriteOptional(writer, offer.TermsHash);
        writer.Byte((byte)offer.Attributes.Count);
        foreach (var (name, value) in offer.Attributes)
        {
            writer.Name(name).PutShort(Encoding.UTF8.GetBytes(value));
        }

        writer.Byte((byte)offer.Addresses.Count);
        foreach (var address in offer.Addresses)
        {
            writer.PutShort(address.WithoutPeer().Bytes.Span);
        }

        WriteOptional(writer, offer.OverlayNonce);
        return writer.Time(offer.Issued).Time(offer.Expires).ToArray();
    }

    /// <summary>Reads an encoding; why it is none, or null. The limits that are not the encoding's own are not checked.</summary>
    public static OfferFault? Read(ReadOnlySpan<byte> bytes, out ServiceOffer? offer, out Signature signature)
    {
        (offer, signature) = (null, default);
        if (bytes.IsEmpty || bytes[0] != Version)
        {
            return bytes.IsEmpty ? OfferFault.Malformed : OfferFault.UnknownVersion;
        }

        var reader = new FieldReader(bytes[1..]);
        if (reader.Credential() is not { } credential)
        {
            return OfferFault.Malformed;
        }

        var peer = PeerId.FromPublicKey(credential.NodeKey);
        offer = new ServiceOffer
        {
            Credential = credential,
            Number = reader.Byte(),
            Version = reader.UInt64(),
            Kind = reader.Kind(),
            Unit = (ServiceUnit)reader.Byte(),
            Capacity = reader.UInt64(),
            Prices = ReadPrices(ref reader),
            Region = ReadRegion(ref reader),
            Payments = ReadPayments(ref reader),
            MaxDuration = TimeSpan.FromSeconds(reader.UInt32()),
            TermsHash = ReadOptional(ref reader),
            Attributes = ReadAttributes(ref reader),
            Addresses = ReadAddresses(ref reader, peer),
            OverlayNonce = ReadOptional(ref reader),
            Issued = reader.Time(),
            Expires = reader.Time(),
        };
        signature = reader.Signature();
        return reader.IsDone ? null : OfferFault.Malformed;
    }

    private static void WriteOptional(FieldWriter writer, Hash256? hash)
    {
        writer.Byte(hash is null ? (byte)0 : (byte)1);
        if (hash is { } there)
        {
            writer.Hash(there);
        }
    }

    private static Hash256? ReadOptional(ref FieldReader reader) => reader.Flag() ? reader.Hash() : null;

    private static PriceBand[] ReadPrices(ref FieldReader reader)
    {
        var prices = new PriceBand[reader.Count(ServiceOffer.MaxPrices)];
        for (var i = 0; i < prices.Length; i++)
        {
            prices[i] = new PriceBand(reader.UInt16(), reader.Amount());
        }

        return prices;
    }

    private static string? ReadRegion(ref FieldReader reader)
    {
        var region = reader.TakeShort(2);
        return region.IsEmpty ? null : Encoding.ASCII.GetString(region);
    }

    private static PaymentMethod[] ReadPayments(ref FieldReader reader)
    {
        var payments = new PaymentMethod[reader.Count(ServiceOffer.MaxPayments)];
        for (var i = 0; i < payments.Length; i++)
        {
            payments[i] = reader.Payment();
        }

        return payments;
    }

    private static SortedDictionary<string, string> ReadAttributes(ref FieldReader reader)
    {
        var attributes = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var last = "";
        for (var count = reader.Count(ServiceOffer.MaxAttributes); count > 0; count--)
        {
            var name = reader.Name();
            var value = reader.TakeShort(ServiceOffer.MaxAttributeBytes);
            if (string.CompareOrdinal(name, last) <= 0 || !Utf8.IsValid(value))
            {
                reader.Break();
                break;
            }

            attributes.Add(name, Encoding.UTF8.GetString(value));
            last = name;
        }

        return attributes;
    }

    private static List<Multiaddr> ReadAddresses(ref FieldReader reader, PeerId peer)
    {
        var addresses = new List<Multiaddr>();
        for (var count = reader.Count(ServiceOffer.MaxAddresses); count > 0; count--)
        {
            if (!Multiaddr.TryFromBytes(reader.TakeShort(ServiceOffer.MaxAddressBytes), out var address) || address.Peer is not null)
            {
                reader.Break();
                break;
            }

            addresses.Add(address.WithPeer(peer));
        }

        return addresses;
    }
}
