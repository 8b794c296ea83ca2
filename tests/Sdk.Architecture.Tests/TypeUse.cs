namespace Sdk.Architecture.Tests;

/// <summary>A type by name: the assembly that declares it, the namespace of its outermost type, and that type's name.</summary>
internal readonly record struct TypeName(string Assembly, string Namespace, string Name)
{
    public override string ToString() => Namespace.Length == 0 ? Name : $"{Namespace}.{Name}";
}

/// <summary>One outermost type names another, in a signature, a field, an attribute or the body of a method.</summary>
internal readonly record struct TypeUse(TypeName User, TypeName Used);
