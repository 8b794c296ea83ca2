using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Sdk.Architecture.Tests;

/// <summary>
/// Who names whom, read from the bytes of an assembly and not from its sources: base types, fields, signatures, attributes, locals,
/// catch clauses and every token in the instructions of every method. What the compiler generates (closures, state machines) is nested
/// in the type it was written in and counts for it. Constants are copied by the compiler and leave no trace.
/// </summary>
internal sealed class CompiledAssembly
{
    private readonly MetadataReader _metadata;
    private readonly PEReader _image;
    private readonly TypeNameDecoder _decoder;
    private readonly HashSet<TypeUse> _uses = [];
    private TypeName _user;

    private CompiledAssembly(PEReader image, MetadataReader metadata, string name)
    {
        _image = image;
        _metadata = metadata;
        _decoder = new TypeNameDecoder(name, used => _uses.Add(new TypeUse(_user, used)));
    }

    /// <summary>Every use of one outermost type by another in the assembly at <paramref name="path"/>, of types from anywhere.</summary>
    public static IReadOnlyCollection<TypeUse> ReadUses(string path)
    {
        using var image = new PEReader(File.OpenRead(path));
        var metadata = image.GetMetadataReader();
        var assembly = new CompiledAssembly(image, metadata, metadata.GetString(metadata.GetAssemblyDefinition().Name));
        foreach (var handle in metadata.TypeDefinitions)
        {
            assembly.ReadType(handle);
        }

        assembly._uses.RemoveWhere(use => use.User == use.Used);
        return assembly._uses;
    }

    private void ReadType(TypeDefinitionHandle handle)
    {
        var type = _metadata.GetTypeDefinition(handle);
        _user = _decoder.NameOf(_metadata, handle);
        Use(type.BaseType);
        UseAttributes(type.GetCustomAttributes());
        UseConstraints(type.GetGenericParameters());
        foreach (var implementation in type.GetInterfaceImplementations())
        {
            Use(_metadata.GetInterfaceImplementation(implementation).Interface);
        }

        foreach (var field in type.GetFields().Select(_metadata.GetFieldDefinition))
        {
            field.DecodeSignature(_decoder, null);
            UseAttributes(field.GetCustomAttributes());
        }

        foreach (var property in type.GetProperties().Select(_metadata.GetPropertyDefinition))
        {
            UseAttributes(property.GetCustomAttributes());
        }

        foreach (var method in type.GetMethods().Select(_metadata.GetMethodDefinition))
        {
            ReadMethod(method);
        }
    }

    private void ReadMethod(MethodDefinition method)
    {
        method.DecodeSignature(_decoder, null);
        UseAttributes(method.GetCustomAttributes());
        UseConstraints(method.GetGenericParameters());
        foreach (var parameter in method.GetParameters())
        {
            UseAttributes(_metadata.GetParameter(parameter).GetCustomAttributes());
        }

        if (method.RelativeVirtualAddress == 0)
        {
            return; // abstract, or not written in IL
        }

        var body = _image.GetMethodBody(method.RelativeVirtualAddress);
        if (!body.LocalSignature.IsNil)
        {
            _metadata.GetStandaloneSignature(body.LocalSignature).DecodeLocalSignature(_decoder, null);
        }

        foreach (var region in body.ExceptionRegions)
        {
            Use(region.CatchType);
        }

        foreach (var token in InstructionTokens.In(body.GetILReader()))
        {
            Use(token);
        }
    }

    private void UseConstraints(GenericParameterHandleCollection parameters)
    {
        foreach (var constraint in parameters.SelectMany(p => _metadata.GetGenericParameter(p).GetConstraints()))
        {
            Use(_metadata.GetGenericParameterConstraint(constraint).Type);
        }
    }

    private void UseAttributes(CustomAttributeHandleCollection attributes)
    {
        foreach (var attribute in attributes)
        {
            Use(_metadata.GetCustomAttribute(attribute).Constructor);
        }
    }

    /// <summary>Follows a token to the types it names: a member names its declaring type and the types of its signature.</summary>
    private void Use(EntityHandle handle)
    {
        if (handle.IsNil)
        {
            return;
        }

        switch (handle.Kind)
        {
            case HandleKind.TypeDefinition:
                _decoder.GetTypeFromDefinition(_metadata, (TypeDefinitionHandle)handle, 0);
                break;
            case HandleKind.TypeReference:
                _decoder.GetTypeFromReference(_metadata, (TypeReferenceHandle)handle, 0);
                break;
            case HandleKind.TypeSpecification:
                _metadata.GetTypeSpecification((TypeSpecificationHandle)handle).DecodeSignature(_decoder, null);
                break;
            case HandleKind.MethodDefinition:
                var method = _metadata.GetMethodDefinition((MethodDefinitionHandle)handle);
                Use(method.GetDeclaringType());
                method.DecodeSignature(_decoder, null);
                break;
            case HandleKind.FieldDefinition:
                var field = _metadata.GetFieldDefinition((FieldDefinitionHandle)handle);
                Use(field.GetDeclaringType());
                field.DecodeSignature(_decoder, null);
                break;
            case HandleKind.MethodSpecification:
                var instance = _metadata.GetMethodSpecification((MethodSpecificationHandle)handle);
                Use(instance.Method);
                instance.DecodeSignature(_decoder, null);
                break;
            case HandleKind.MemberReference:
                UseMember(_metadata.GetMemberReference((MemberReferenceHandle)handle));
                break;
        }
    }

    private void UseMember(MemberReference member)
    {
        Use(member.Parent);
        if (member.GetKind() == MemberReferenceKind.Method)
        {
            member.DecodeMethodSignature(_decoder, null);
        }
        else
        {
            member.DecodeFieldSignature(_decoder, null);
        }
    }
}
