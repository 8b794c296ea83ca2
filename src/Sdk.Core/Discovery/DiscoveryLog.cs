using Microsoft.Extensions.Logging;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;

namespace Sdk.Core.Discovery;

/// <summary>What selling and buying services says about itself.</summary>
internal static partial class DiscoveryLog
{
    [LoggerMessage(300, LogLevel.Information, "{Agreement} was agreed with this node as the provider: {Hash}", EventName = "AgreementSold")]
    public static partial void Sold(ILogger logger, Agreement agreement, Hash256 hash);

    [LoggerMessage(301, LogLevel.Information, "{Agreement} was agreed with this node as the buyer: {Hash}", EventName = "AgreementBought")]
    public static partial void Bought(ILogger logger, Agreement agreement, Hash256 hash);

    [LoggerMessage(302, LogLevel.Debug, "A proposal of {Buyer} was refused: {Reason}", EventName = "ProposalRefused")]
    public static partial void Refused(ILogger logger, AccountAddress buyer, AgreementRefusal reason);

    [LoggerMessage(303, LogLevel.Debug, "A proposal of {Buyer} was answered with {Counter}", EventName = "ProposalCountered")]
    public static partial void Countered(ILogger logger, AccountAddress buyer, CounterOffer counter);

    [LoggerMessage(304, LogLevel.Debug, "An offer that was found is not good: {Fault}", EventName = "OfferNotGood")]
    public static partial void BadOffer(ILogger logger, OfferFault fault);

    [LoggerMessage(305, LogLevel.Warning, "The offer {Number} could not be renewed, and is tried again in {Pause}", EventName = "RenewalFailed")]
    public static partial void RenewalFailed(ILogger logger, Exception error, uint number, TimeSpan pause);

    [LoggerMessage(308, LogLevel.Information, "The overlay does not take the offer {Number} for now; it is tried again in {Pause}", EventName = "OfferNotPutUp")]
    public static partial void NotPutUp(ILogger logger, uint number, TimeSpan pause);

    [LoggerMessage(309, LogLevel.Debug, "The provider {Provider} is not where its offer says; the overlay is asked", EventName = "ProviderGone")]
    public static partial void ProviderGone(ILogger logger, Exception error, AccountAddress provider);

    [LoggerMessage(310, LogLevel.Debug, "A provider does not answer at {Address}, where the overlay says that it is", EventName = "LocatedAddressFailed")]
    public static partial void AddressFailed(ILogger logger, Exception error, Multiaddr address);

    [LoggerMessage(306, LogLevel.Warning, "A listener to agreements failed", EventName = "AgreementListenerFailed")]
    public static partial void ListenerFailed(ILogger logger, Exception error);

    [LoggerMessage(307, LogLevel.Information, "The answer to a proposal to {Provider} is not known yet", EventName = "AgreementPending")]
    public static partial void Pending(ILogger logger, Exception error, AccountAddress provider);
}
