using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Payments;

namespace Sdk.Core.Protocols;

/// <summary>Something happened between this node and a peer.</summary>
/// <param name="Kind">What.</param>
/// <param name="Peer">With whom.</param>
/// <param name="Amount">About how much; what exactly the kind says.</param>
public sealed record PaymentNotice(PaymentNoticeKind Kind, AccountAddress Peer, TokenAmount Amount);
