using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;

namespace Sdk.Core.Payments;

/// <summary>
/// An order to a vault: of the issuer's deposit, the beneficiary shall have had so much in all. Each cheque replaces the one before it, so
/// the last is worth all of them, and none is ever taken back.
/// </summary>
/// <param name="Issuer">Whose deposit pays; its key signs.</param>
/// <param name="Beneficiary">Who is paid.</param>
/// <param name="CumulativePayout">What the beneficiary shall have been paid since the first cheque, in base units.</param>
public readonly record struct Cheque(AccountAddress Issuer, AccountAddress Beneficiary, TokenAmount CumulativePayout);
