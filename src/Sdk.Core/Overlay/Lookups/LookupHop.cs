namespace Sdk.Core.Overlay.Lookups;

/// <summary>One contact that a lookup asked, for display.</summary>
/// <param name="Contact">Who.</param>
/// <param name="Path">On which path, from 0, or <see cref="AllPaths"/>.</param>
/// <param name="Depth">How many answers led to it.</param>
/// <param name="Proximity">Leading bits that it shares with the target.</param>
/// <param name="Named">Contacts that it named, new or not; null if it did not answer.</param>
/// <param name="NearestNamed">Leading bits that the nearest of them shares with the target; null if it named nobody.</param>
internal readonly record struct LookupHop<TContact>(TContact Contact, int Path, int Depth, int Proximity, int? Named, int? NearestNamed)
{
    /// <summary>Asked for all paths together, once one of them had come to its end.</summary>
    public const int AllPaths = -1;
}
