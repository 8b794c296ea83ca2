using Sdk.Core.Networking.AutoNat.Wire;
using Status = Sdk.Core.Networking.AutoNat.Wire.DialMessage.Types.ResponseStatus;

namespace Sdk.Core.Networking.AutoNat;

/// <summary>What a peer found out by dialling this node.</summary>
/// <param name="Peer">Who dialled.</param>
/// <param name="IsPublic">Whether it reached this node.</param>
/// <param name="Reached">Where, if it said so.</param>
internal sealed record AutoNatAnswer(PeerId Peer, bool IsPublic, Multiaddr? Reached)
{
    /// <summary>Reads an answer to a question about <paramref name="addresses"/>; null where it says nothing that counts.</summary>
    public static AutoNatAnswer? Read(PeerId peer, DialMessage? message, IReadOnlyCollection<Multiaddr> addresses)
    {
        var response = ResponseOf(message);
        if (response is not { HasStatus: true, Status: Status.Ok or Status.EDialError })
        {
            return null;
        }

        if (response.Status == Status.EDialError)
        {
            return new AutoNatAnswer(peer, false, null);
        }

        // The address may be missing; one that was not asked about was not dialled on this node's behalf.
        if (response.Addr.IsEmpty)
        {
            return new AutoNatAnswer(peer, true, null);
        }

        return Multiaddr.TryFromBytes(response.Addr.Span, out var reached) && addresses.Contains(reached.WithoutPeer())
            ? new AutoNatAnswer(peer, true, reached.WithoutPeer())
            : null;
    }

    /// <summary>For logs.</summary>
    public static string Describe(DialMessage? message) =>
        ResponseOf(message) is { HasStatus: true } response ? response.Status.ToString() : "nothing that means anything";

    private static DialMessage.Types.DialResponse? ResponseOf(DialMessage? message) =>
        message is { HasType: true, Type: DialMessage.Types.MessageType.DialResponse } ? message.DialResponse : null;
}
