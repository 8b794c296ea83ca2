namespace Sdk.Simulation.Payments;

internal enum PaymentPacketKind
{
    Announce = 1,
    Request = 2,
    Response = 3,
    Refusal = 4,
    Invoice = 5,
    Cheque = 6,
    Acknowledgement = 7,
}

/// <summary>What traders tell each other: services by number and price, and the four messages of the payment protocol.</summary>
/// <param name="Kind">Which.</param>
/// <param name="Number">The service, for a request and its answers.</param>
/// <param name="Amount">Price, threshold, or cumulative payout.</param>
/// <param name="Rate">The allowance announced.</param>
/// <param name="Cheque">A signed cheque as it travels.</param>
internal sealed record PaymentPacket(PaymentPacketKind Kind, long Number = 0, long Amount = 0, long Rate = 0, byte[]? Cheque = null);
