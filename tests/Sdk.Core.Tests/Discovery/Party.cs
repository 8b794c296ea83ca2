using Sdk.Core.Cryptography;
using Sdk.Core.Discovery;
using Sdk.Core.Networking;

namespace Sdk.Core.Tests.Discovery;

/// <summary>An account with a device that trades for it.</summary>
internal sealed class Party : IDisposable
{
    public const ulong Network = NodeOptions.LocalNetworkId;

    public static readonly DateTimeOffset Now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public Party(KeyScopes scopes = KeyScopes.All, ulong network = Network, DateTimeOffset? expires = null)
    {
        Key = KeyPair.GenerateTestOnly();
        Device = DeviceIdentity.Create(Key, scopes, 1, network, expires ?? Now.AddYears(1));
    }

    public KeyPair Key { get; }

    public DeviceIdentity Device { get; }

    public AccountAddress Account => Key.Address;

    /// <summary>Ten places at 100 base units an hour; 80 for those of good reputation. The worst are not served.</summary>
    public static ServiceOfferDraft Draft(Action<ServiceOfferDraft>? change = null, ServiceUnit unit = ServiceUnit.Hour)
    {
        var draft = new ServiceOfferDraft(ServiceKind.Exit, unit)
        {
            Prices = [new(100, 100), new(700, 80)],
            Capacity = 10,
            Region = "DE",
            Payments = [PaymentMethod.Cheque, PaymentMethod.Escrow],
            MaxDuration = TimeSpan.FromDays(10),
        };
        change?.Invoke(draft);
        return draft;
    }

    public ServiceOffer Offer(Action<ServiceOfferDraft>? change = null, ServiceUnit unit = ServiceUnit.Hour, ulong version = 1, DateTimeOffset? now = null) =>
        ServiceOffer.Sign(Draft(change, unit), Device, [Multiaddr.Parse("/ip4/127.0.0.1/tcp/4001")], overlayNonce: null, version, now ?? Now);

    public void Dispose()
    {
        Device.Dispose();
        Key.Dispose();
    }
}
