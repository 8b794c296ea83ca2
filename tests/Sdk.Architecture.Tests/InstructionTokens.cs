using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using ReflectionOpCodes = System.Reflection.Emit.OpCodes;

namespace Sdk.Architecture.Tests;

/// <summary>The metadata tokens in a stream of instructions (ECMA-335, partition III): types, fields and methods that code names.</summary>
internal static class InstructionTokens
{
    private const byte TwoByteOpCode = 0xFE;

    private static readonly Dictionary<ushort, OpCode> OpCodes = typeof(ReflectionOpCodes).GetFields()
        .Select(field => (OpCode)field.GetValue(null)!)
        .ToDictionary(code => (ushort)code.Value);

    public static List<EntityHandle> In(BlobReader instructions)
    {
        var tokens = new List<EntityHandle>();
        while (instructions.RemainingBytes > 0)
        {
            var value = (ushort)instructions.ReadByte();
            if (value == TwoByteOpCode)
            {
                value = (ushort)((TwoByteOpCode << 8) | instructions.ReadByte());
            }

            switch (OpCodes[value].OperandType)
            {
                case OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType:
                    tokens.Add(MetadataTokens.EntityHandle(instructions.ReadInt32()));
                    break;
                case OperandType.InlineSwitch:
                    var targets = instructions.ReadInt32(); // read first: += would add to the offset from before the reading
                    instructions.Offset += targets * sizeof(int);
                    break;
                case OperandType.InlineNone:
                    break;
                case OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar:
                    instructions.Offset += 1;
                    break;
                case OperandType.InlineVar:
                    instructions.Offset += 2;
                    break;
                case OperandType.InlineI8 or OperandType.InlineR:
                    instructions.Offset += 8;
                    break;
                default:
                    // InlineBrTarget, InlineI, InlineSig (function pointers only), InlineString, ShortInlineR.
                    instructions.Offset += 4;
                    break;
            }
        }

        return tokens;
    }
}
