using Sdk.Core.Persistence;

namespace Sdk.Benchmarks;

/// <summary>A block file in memory: what is measured over it is the code, not the disk.</summary>
internal sealed class MemoryBlockFile(long lengthBytes) : IBlockFile
{
    private byte[] _bytes = new byte[lengthBytes];

    public long LengthBytes => _bytes.Length;

    public int Read(long offsetBytes, Span<byte> buffer)
    {
        var count = (int)Math.Clamp(_bytes.Length - offsetBytes, 0, buffer.Length);
        _bytes.AsSpan((int)offsetBytes, count).CopyTo(buffer);
        return count;
    }

    public void Write(long offsetBytes, ReadOnlySpan<byte> data) => data.CopyTo(_bytes.AsSpan((int)offsetBytes));

    public void Sync()
    {
    }

    public void SetLength(long lengthBytes) => Array.Resize(ref _bytes, (int)lengthBytes);

    public void Dispose()
    {
    }
}
