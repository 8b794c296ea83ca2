using System.Reflection;

namespace Sdk.Ledger.Conformance.Differential;

/// <summary>The classes with the random operations of each module, found by reflection.</summary>
internal static class ModuleSuites
{
    public static List<ModuleOperations> Operations(TwinLedgers twins, Random random) =>
        [.. Of<ModuleOperations>().Select(type => (ModuleOperations)Activator.CreateInstance(type, twins, random)!)
            // The token first: its preparation gives the others money.
            .OrderBy(operations => operations.Module == "Token" ? 0 : 1).ThenBy(operations => operations.Module, StringComparer.Ordinal)];

    /// <summary>All classes of a kind here.</summary>
    public static IEnumerable<Type> Of<T>() => Assembly.GetExecutingAssembly().GetTypes().Where(type => type.IsAssignableTo(typeof(T)) && !type.IsAbstract);
}
