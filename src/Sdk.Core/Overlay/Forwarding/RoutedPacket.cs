using Sdk.Core.Addressing;

namespace Sdk.Core.Overlay.Forwarding;

/// <summary>A message on its way through the overlay. It says where it goes and nothing of where it comes from.</summary>
/// <param name="Id">Random: who sees it again drops it.</param>
/// <param name="Target">A whole address, or the prefix of those meant.</param>
/// <param name="IsToAll">Whether everybody inside <paramref name="Target"/> is meant, rather than the node nearest to it.</param>
/// <param name="HopsLeft">How many times it may still be passed on.</param>
/// <param name="Kind">Who is to take it at the other end: see <see cref="IsKind"/>.</param>
/// <param name="Payload">At most <see cref="MaxPayloadBytes"/>.</param>
internal sealed record RoutedPacket(UInt128 Id, AddressPrefix Target, bool IsToAll, int HopsLeft, string Kind, ReadOnlyMemory<byte> Payload)
{
    /// <summary>The longest payload: what is carried for strangers stays small.</summary>
    public const int MaxPayloadBytes = 32 * 1024;

    /// <summary>The most hops of a packet: several times what a greedy way takes in the largest network.</summary>
    public const int MaxHops = 32;

    /// <summary>The longest name of a kind.</summary>
    public const int MaxKindLength = 32;

    /// <summary>Whether a text names a kind: 1 to <see cref="MaxKindLength"/> small letters of ASCII, digits and hyphens.</summary>
    public static bool IsKind(string text) =>
        text.Length is > 0 and <= MaxKindLength && text.All(each => char.IsAsciiLetterLower(each) || char.IsAsciiDigit(each) || each == '-');
}
