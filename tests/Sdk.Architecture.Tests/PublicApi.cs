using System.Reflection;
using System.Text;

namespace Sdk.Architecture.Tests;

/// <summary>
/// The public surface of an assembly as text, one line for each type and member, sorted: what a user can type, and so what a change
/// of the suite can break. Names as in C#, without the bodies, the documentation and what records generate for themselves.
/// </summary>
internal static class PublicApi
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void",
        [typeof(object)] = "object",
        [typeof(string)] = "string",
        [typeof(bool)] = "bool",
        [typeof(char)] = "char",
        [typeof(byte)] = "byte",
        [typeof(sbyte)] = "sbyte",
        [typeof(short)] = "short",
        [typeof(ushort)] = "ushort",
        [typeof(int)] = "int",
        [typeof(uint)] = "uint",
        [typeof(long)] = "long",
        [typeof(ulong)] = "ulong",
        [typeof(float)] = "float",
        [typeof(double)] = "double",
        [typeof(decimal)] = "decimal",
    };

    public static string Of(Assembly assembly)
    {
        var text = new StringBuilder();
        foreach (var type in assembly.GetExportedTypes().OrderBy(NameOf, StringComparer.Ordinal))
        {
            text.Append(Head(type)).Append('\n');
            foreach (var line in Members(type).Order(StringComparer.Ordinal))
            {
                text.Append("    ").Append(line).Append('\n');
            }
        }

        return text.ToString();
    }

    private static string Head(Type type)
    {
        var kind = type switch
        {
            { IsEnum: true } => "enum",
            { IsInterface: true } => "interface",
            { IsValueType: true } => "struct",
            { IsAbstract: true, IsSealed: true } => "static class",
            _ when typeof(Delegate).IsAssignableFrom(type) => "delegate",
            { IsAbstract: true } => "abstract class",
            { IsSealed: true } => "sealed class",
            _ => "class",
        };
        var bases = new[] { type.BaseType }.OfType<Type>()
            .Where(parent => !type.IsEnum && parent != typeof(object) && parent != typeof(ValueType) && parent != typeof(MulticastDelegate))
            .Concat(type.GetInterfaces().Except(type.BaseType?.GetInterfaces() ?? []).Where(i => i.IsVisible && !type.IsEnum).OrderBy(NameOf, StringComparer.Ordinal))
            .Select(NameOf)
            .ToList();
        return $"{kind} {NameOf(type)}{(bases.Count == 0 ? "" : " : " + string.Join(", ", bases))}";
    }

    private static IEnumerable<string> Members(Type type)
    {
        if (type.IsEnum)
        {
            return type.GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => $"{field.Name} = {Convert.ToInt64(field.GetRawConstantValue(), null)}");
        }

        return type.GetMembers(Declared).Where(member => !member.Name.Contains('<') && !member.Name.Contains('.')).Concat(type.GetConstructors(Declared))
            .Distinct()
            .Select(Describe)
            .OfType<string>();
    }

    private static string? Describe(MemberInfo member) => member switch
    {
        FieldInfo field when IsOpen(field.Attributes & FieldAttributes.FieldAccessMask) =>
            $"{(field.IsLiteral ? "const " : field.IsStatic ? "static " : "")}{(field.IsInitOnly ? "readonly " : "")}{NameOf(field.FieldType)} {field.Name}",
        ConstructorInfo constructor when IsOpen(constructor) && !constructor.IsStatic => $"new({Parameters(constructor)})",
        PropertyInfo property when property.GetAccessors(true).Any(IsOpen) => Describe(property),
        EventInfo @event when IsOpen(@event.AddMethod!) => $"event {NameOf(@event.EventHandlerType!)} {@event.Name}",
        MethodInfo method when IsOpen(method) && (!method.IsSpecialName || method.Name.StartsWith("op_", StringComparison.Ordinal)) =>
            $"{Modifiers(method)}{NameOf(method.ReturnType)} {method.Name}{Generic(method)}({Parameters(method)})",
        _ => null,
    };

    private static string Describe(PropertyInfo property)
    {
        var accessors = property.GetAccessors(true).Where(IsOpen).Select(accessor =>
            accessor.ReturnType != typeof(void) ? "get;" : accessor.ReturnParameter.GetRequiredCustomModifiers().Length > 0 ? "init;" : "set;");
        var index = property.GetIndexParameters();
        var name = index.Length == 0 ? property.Name : $"this[{string.Join(", ", index.Select(p => NameOf(p.ParameterType)))}]";
        var required = property.IsDefined(typeof(System.Runtime.CompilerServices.RequiredMemberAttribute)) ? "required " : "";
        return $"{required}{Modifiers(property.GetAccessors(true).First(IsOpen))}{NameOf(property.PropertyType)} {name} {{ {string.Join(' ', accessors)} }}";
    }

    private static string Modifiers(MethodInfo method) =>
        (method.IsFamily || method.IsFamilyOrAssembly ? "protected " : "") + (method.IsStatic ? "static " : method.IsAbstract && !method.DeclaringType!.IsInterface ? "abstract " : "");

    private static string Generic(MethodInfo method) =>
        method.IsGenericMethodDefinition ? $"<{string.Join(", ", method.GetGenericArguments().Select(argument => argument.Name))}>" : "";

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(parameter =>
    {
        var passing = parameter.IsOut ? "out " : parameter.IsIn ? "in " : parameter.ParameterType.IsByRef ? "ref " : "";
        return $"{passing}{NameOf(parameter.ParameterType)} {parameter.Name}{(parameter.HasDefaultValue ? $" = {parameter.DefaultValue ?? "default"}" : "")}";
    }));

    private static bool IsOpen(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static bool IsOpen(FieldAttributes access) => access is FieldAttributes.Public or FieldAttributes.Family or FieldAttributes.FamORAssem;

    private static string NameOf(Type type)
    {
        if (type.IsByRef)
        {
            return NameOf(type.GetElementType()!);
        }

        if (type.IsArray)
        {
            return NameOf(type.GetElementType()!) + "[]";
        }

        if (Keywords.TryGetValue(type, out var keyword) || type.IsGenericParameter)
        {
            return keyword ?? type.Name;
        }

        if (Nullable.GetUnderlyingType(type) is { } value)
        {
            return NameOf(value) + "?";
        }

        // The suite's own names in full, everybody else's short.
        var name = type.IsNested ? $"{NameOf(type.DeclaringType!)}.{type.Name}"
            : type.Namespace!.StartsWith("Sdk.", StringComparison.Ordinal) ? $"{type.Namespace}.{type.Name}" : type.Name;
        return type.IsGenericType ? $"{name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(NameOf))}>" : name;
    }
}
