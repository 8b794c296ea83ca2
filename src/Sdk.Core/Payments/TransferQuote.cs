namespace Sdk.Core.Payments;

/// <summary>
/// What two sides agreed to exchange, before anything is locked: the initiator gives the first leg for the second. Every field goes into
/// both locks, so that a lock for anything else is not theirs.
/// </summary>
/// <param name="First">What the initiator, who makes the secret, locks first.</param>
/// <param name="Second">What the responder locks for it.</param>
public sealed record TransferQuote(TransferLeg First, TransferLeg Second);
