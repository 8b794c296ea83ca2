using System.Diagnostics.CodeAnalysis;
using Sdk.Core.Addressing;
using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Networking;
using Sdk.Core.Trust;

namespace Sdk.Core.Discovery;

/// <summary>
/// What a node sells, at what price and on which terms, signed by a device of the account that is paid: a promise that the device keeps
/// while the offer is good and its capacity lasts. Anybody can pass it on. Immutable and safe for many threads.
/// </summary>
/// <remarks>
/// Signed as EIP-712 typed data by the device's node key: domain <c>EIP712Domain(string name,string version,uint256 chainId)</c> with name
/// <c>Sdk</c>, version <c>1</c> and the network id as chain id; struct <c>ServiceOffer(address provider,string kind,bytes content)</c> with
/// the encoding without its signature as content.
/// </remarks>
public sealed class ServiceOffer
{
    /// <summary>The longest encoding, in bytes.</summary>
    public const int MaxBytes = 2048;

    /// <summary>The highest number: a device has at most sixteen offers.</summary>
    public const uint MaxNumber = 15;

    /// <summary>The most price bands.</summary>
    public const int MaxPrices = 8;

    /// <summary>The most means of payment.</summary>
    public const int MaxPayments = 4;

    /// <summary>The most attributes.</summary>
    public const int MaxAttributes = 8;

    /// <summary>The longest value of an attribute, in bytes of UTF-8.</summary>
    public const int MaxAttributeBytes = 128;

    /// <summary>The most addresses.</summary>
    public const int MaxAddresses = 8;

    /// <summary>The longest address, in bytes.</summary>
    public const int MaxAddressBytes = 128;

    /// <summary>The longest agreement that can be offered.</summary>
    public static readonly TimeSpan LongestDuration = TimeSpan.FromDays(365);

    /// <summary>The longest time that an offer is good for.</summary>
    public static readonly TimeSpan LongestLifetime = TimeSpan.FromDays(1);

    /// <summary>How far clocks may differ.</summary>
    public static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(5);

    private readonly Lazy<bool> _isSigned;
    private byte[] _encoded = [];

    internal ServiceOffer() => _isSigned = new Lazy<bool>(CheckSignature);

    /// <summary>The credential of the device that provides the service.</summary>
    public required DeviceCredential Credential { get; init; }

    /// <summary>Which of the device's offers this is.</summary>
    public required uint Number { get; init; }

    /// <summary>Of two offers of a device under one number the higher version counts.</summary>
    public required ulong Version { get; init; }

    /// <summary>The kind of service.</summary>
    public required ServiceKind Kind { get; init; }

    /// <summary>What the prices are for.</summary>
    public required ServiceUnit Unit { get; init; }

    /// <summary>What can be sold at a time, counted as <see cref="ServiceUnit"/> says.</summary>
    public required ulong Capacity { get; init; }

    /// <summary>Prices for rising reputations: one or more, up to <see cref="MaxPrices"/>.</summary>
    public required IReadOnlyList<PriceBand> Prices { get; init; }

    /// <summary>Where the service is, in two capital letters of ISO 3166-1; null where nothing is said. It is the provider's word.</summary>
    public required string? Region { get; init; }

    /// <summary>The means of payment that are taken, the preferred one first.</summary>
    public required IReadOnlyList<PaymentMethod> Payments { get; init; }

    /// <summary>The longest agreement; whole seconds.</summary>
    public required TimeSpan MaxDuration { get; init; }

    /// <summary>The hash of a text of terms; null where there is none.</summary>
    public required Hash256? TermsHash { get; init; }

    /// <summary>More that buyers should know, by name.</summary>
    public required IReadOnlyDictionary<string, string> Attributes { get; init; }

    /// <summary>Where the provider says that it is reached, each with its peer id; may be empty.</summary>
    public required IReadOnlyList<Multiaddr> Addresses { get; init; }

    /// <summary>The nonce of the provider's overlay address; null where it tells none.</summary>
    public required Hash256? OverlayNonce { get; init; }

    /// <summary>When it was signed; whole seconds.</summary>
    public required DateTimeOffset Issued { get; init; }

    /// <summary>The first moment at which it is no longer good; whole seconds.</summary>
    public required DateTimeOffset Expires { get; init; }

    /// <summary>The account that provides the service and is paid.</summary>
    public AccountAddress Provider => Credential.Account;

    /// <summary>The network that the offer is good for.</summary>
    public ulong NetworkId => Credential.NetworkId;

    /// <summary>Who must answer where the provider is dialled.</summary>
    public PeerId Peer => PeerId.FromPublicKey(Credential.NodeKey);

    /// <summary>Where the provider stands in the overlay; null where it does not tell.</summary>
    public OverlayAddress? Overlay => OverlayNonce is { } nonce ? OverlayAddress.Create(Provider, NetworkId, nonce.Bytes) : null;

    /// <summary>What names exactly this offer: the digest that was signed.</summary>
    public Hash256 Hash { get; private set; }

    /// <summary>The device's signature.</summary>
    public Signature Signature { get; private set; }

    /// <summary>The canonical encoding, at most <see cref="MaxBytes"/> bytes.</summary>
    public ReadOnlyMemory<byte> Encoded => _encoded;

    /// <summary>Signs an offer.</summary>
    /// <param name="draft">What is offered.</param>
    /// <param name="device">The device that provides it.</param>
    /// <param name="addresses">Where it is reached; addresses that are too long, and those beyond <see cref="MaxAddresses"/>, are left out.</param>
    /// <param name="overlayNonce">The nonce of its overlay address, if that is to be told.</param>
    /// <param name="version">Above that of the device's last offer under this number.</param>
    /// <param name="now">When; cut to whole seconds.</param>
    /// <exception cref="ArgumentException">The draft is beyond the limits; the inner exception says in what.</exception>
    /// <exception cref="ObjectDisposedException">The device is disposed.</exception>
    public static ServiceOffer Sign(
        ServiceOfferDraft draft,
        DeviceIdentity device,
        IEnumerable<Multiaddr> addresses,
        Hash256? overlayNonce,
        ulong version,
        DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(draft);
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(addresses);
        var issued = UnixTime.Truncate(now, nameof(now));
        var offer = new ServiceOffer
        {
            Credential = device.Credential,
            Number = draft.Number,
            Version = version,
            Kind = draft.Kind,
            Unit = draft.Unit,
            Capacity = draft.Capacity,
            Prices = [.. draft.Prices],
            Region = draft.Region,
            Payments = [.. draft.Payments],
            MaxDuration = draft.MaxDuration,
            TermsHash = draft.TermsHash,
            Attributes = new SortedDictionary<string, string>(draft.Attributes.ToDictionary(), StringComparer.Ordinal),
            Addresses = Named(addresses, device),
            OverlayNonce = overlayNonce,
            Issued = issued,
            Expires = issued + TimeSpan.FromSeconds(Math.Floor(draft.Lifetime.TotalSeconds)),
        };
        return offer.SealBy(device) is { } fault
            ? throw new ArgumentException($"The offer cannot be signed: {fault}.", nameof(draft), new InvalidOfferException(fault))
            : offer;
    }

    /// <summary>The same offer again, with a higher version and for as long from now on as this one was; no longer than the device's credential.</summary>
    /// <exception cref="InvalidOfferException">The credential is about to expire, or the addresses take too much room.</exception>
    internal ServiceOffer Renew(DeviceIdentity device, IEnumerable<Multiaddr> addresses, ulong version, DateTimeOffset now)
    {
        var issued = UnixTime.Truncate(now, nameof(now));
        var expires = issued + (Expires - Issued);
        var offer = new ServiceOffer
        {
            Credential = device.Credential,
            Number = Number,
            Version = version,
            Kind = Kind,
            Unit = Unit,
            Capacity = Capacity,
            Prices = Prices,
            Region = Region,
            Payments = Payments,
            MaxDuration = MaxDuration,
            TermsHash = TermsHash,
            Attributes = Attributes,
            Addresses = Named(addresses, device),
            OverlayNonce = OverlayNonce,
            Issued = issued,
            Expires = expires < device.Credential.Expires ? expires : device.Credential.Expires,
        };
        return offer.SealBy(device) is { } fault ? throw new InvalidOfferException(fault) : offer;
    }

    /// <summary>Reads the canonical encoding. What was signed, by whom and for when is not checked: <see cref="FindFault"/> does that.</summary>
    /// <exception cref="InvalidOfferException">The bytes are not an offer within the limits.</exception>
    public static ServiceOffer Decode(ReadOnlySpan<byte> bytes) =>
        TryDecode(bytes, out var offer, out var fault) ? offer : throw new InvalidOfferException(fault);

    /// <summary>Reads the canonical encoding. What was signed, by whom and for when is not checked: <see cref="FindFault"/> does that.</summary>
    /// <param name="bytes">The encoding.</param>
    /// <param name="offer">The offer.</param>
    /// <param name="fault">Why there is none.</param>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out ServiceOffer? offer, out OfferFault fault)
    {
        offer = null;
        if (bytes.Length > MaxBytes)
        {
            fault = OfferFault.TooLong;
            return false;
        }

        fault = OfferCodec.Read(bytes, out var read, out var signature) ?? OfferShape.FindFault(read!) ?? default;
        if (fault != default)
        {
            return false;
        }

        offer = read!;
        offer.Seal(bytes[..^Signature.LengthBytes], signature);
        return true;
    }

    /// <summary>What is wrong with the offer at this moment on this network; null for a good one. Signatures are verified once.</summary>
    public OfferFault? FindFault(ulong networkId, DateTimeOffset now) =>
        NetworkId != networkId ? OfferFault.WrongNetwork
        : Issued > now + ClockTolerance ? OfferFault.NotYetValid
        : now >= Expires ? OfferFault.Expired
        : !Credential.Verify(networkId, now) ? OfferFault.Credential
        : !Credential.Scopes.HasFlag(KeyScopes.Trade) ? OfferFault.Scope
        : !_isSigned.Value ? OfferFault.Signature
        : null;

    /// <summary>The price of one unit for a buyer of this reputation; null where such a buyer is not served.</summary>
    /// <param name="reputation">The buyer's score, as the provider judges it: <see cref="Reputation.Min"/> to <see cref="Reputation.Max"/>.</param>
    public TokenAmount? PriceAt(int reputation)
    {
        TokenAmount? price = null;
        foreach (var band in Prices)
        {
            price = band.MinReputation <= reputation ? band.PricePerUnit : price;
        }

        return price;
    }

    /// <summary>What a quantity costs for a duration at a price per unit, rounded up to whole base units.</summary>
    /// <exception cref="AmountOutOfRangeException">It is 2^256 or more.</exception>
    public TokenAmount TotalOf(TokenAmount pricePerUnit, ulong quantity, TimeSpan duration) =>
        ServicePrice.Total(Unit, pricePerUnit, quantity, duration);

    /// <summary>Kind, provider and version.</summary>
    public override string ToString() => $"Offer {Number} of {Kind} by {Provider}, version {Version}";

    private static Hash256 DigestOf(ServiceOffer offer, ReadOnlySpan<byte> content) => TypedStruct.Digest(
        TypedStruct.Domain("Sdk", "1", offer.NetworkId),
        new TypedStruct("ServiceOffer(address provider,string kind,bytes content)").Add(offer.Provider).Add(offer.Kind.Name).Add(content).Hash());

    private static List<Multiaddr> Named(IEnumerable<Multiaddr> addresses, DeviceIdentity device)
    {
        var peer = PeerId.FromPublicKey(device.Credential.NodeKey);
        return [.. addresses.Select(address => address.WithPeer(peer)).Where(OfferShape.IsShort).Distinct().Take(MaxAddresses)];
    }

    /// <summary>Signs, unless something is beyond the limits.</summary>
    private OfferFault? SealBy(DeviceIdentity device)
    {
        if (OfferShape.FindFault(this) is { } fault)
        {
            return fault;
        }

        var content = OfferCodec.Write(this);
        if (content.Length + Signature.LengthBytes > MaxBytes)
        {
            return OfferFault.TooLong;
        }

        Seal(content, device.NodeKey.SignDigest(DigestOf(this, content).Bytes));
        return null;
    }

    private void Seal(ReadOnlySpan<byte> content, Signature signature)
    {
        (Hash, Signature) = (DigestOf(this, content), signature);
        _encoded = [.. content, .. signature.ToArray()];
    }

    // By recovery rather than verification: v is then part of what must be right, and no second encoding of an offer is good.
    private bool CheckSignature() => PublicKey.Recover(Hash.Bytes, Signature) is { } signer && signer.Equals(Credential.NodeKey);
}
