namespace Sdk.Architecture.Tests;

/// <summary>
/// The rooms of a house and the arrows between them that are allowed. A room is a package or a namespace (a folder); an arrow that is not
/// listed is a fault. Nothing is inherited: what a room may reach through another it must be allowed by name.
/// </summary>
internal sealed class Rules
{
    private readonly Dictionary<string, string[]> _allowed;
    private readonly Func<TypeName, string?> _roomOf;

    /// <param name="roomOf">The room of a type, or null for one that everybody may use.</param>
    /// <param name="allowed">Every room, with the rooms it may use.</param>
    public Rules(Func<TypeName, string?> roomOf, Dictionary<string, string[]> allowed)
    {
        _roomOf = roomOf;
        _allowed = allowed;
    }

    /// <summary>One line for each arrow that is not allowed, and for each room that has no line in the rules.</summary>
    public IReadOnlyList<string> Faults(IEnumerable<TypeUse> uses)
    {
        var faults = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var use in uses)
        {
            if (_roomOf(use.User) is not { } from || _roomOf(use.Used) is not { } to || from == to)
            {
                continue;
            }

            if (!_allowed.TryGetValue(from, out var targets))
            {
                faults.Add($"{from} is a room without rules ({use.User})");
            }
            else if (!targets.Contains(to))
            {
                faults.Add($"{Name(from)} must not use {Name(to)}: {use.User} names {use.Used}");
            }
        }

        return [.. faults];
    }

    private static string Name(string room) => room.Length == 0 ? "the root" : room;
}
