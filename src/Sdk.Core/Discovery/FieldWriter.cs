using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;

namespace Sdk.Core.Discovery;

/// <summary>Writes what <see cref="FieldReader"/> reads. Integers are little-endian, amounts big-endian as contracts have them.</summary>
internal sealed class FieldWriter
{
    private readonly ArrayBufferWriter<byte> _output = new(512);

    public ReadOnlySpan<byte> Written => _output.WrittenSpan;

    public FieldWriter Put(ReadOnlySpan<byte> field)
    {
        _output.Write(field);
        return this;
    }

    public FieldWriter PutShort(ReadOnlySpan<byte> field) => Byte(checked((byte)field.Length)).Put(field);

    public FieldWriter Byte(byte value) => Put([value]);

    public FieldWriter UInt16(ushort value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(_output.GetSpan(sizeof(ushort)), value);
        _output.Advance(sizeof(ushort));
        return this;
    }

    public FieldWriter UInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_output.GetSpan(sizeof(uint)), value);
        _output.Advance(sizeof(uint));
        return this;
    }

    public FieldWriter UInt64(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_output.GetSpan(sizeof(ulong)), value);
        _output.Advance(sizeof(ulong));
        return this;
    }

    public FieldWriter Hash(Hash256 hash) => Put(hash.Bytes);

    public FieldWriter Account(AccountAddress account) => Put(account.Bytes);

    public FieldWriter Amount(TokenAmount amount) => Put(amount.ToArray());

    public FieldWriter Time(DateTimeOffset time) => UInt64(UnixTime.Seconds(time));

    public FieldWriter Name(string name) => PutShort(Encoding.ASCII.GetBytes(name));

    public FieldWriter Signature(Signature signature) => Put(signature.ToArray());

    public byte[] ToArray() => _output.WrittenSpan.ToArray();
}
