using System.Reflection;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Sdk.Core.Cryptography;

/// <summary>
/// secp256k1 on Bitcoin Core's libsecp256k1, where the machine has it with its recovery module: constant-time, several times faster.
/// It is looked for once; one that is incomplete, or signs a known digest differently from the managed implementation, is not used.
/// </summary>
/// <remarks>The functions below have kept their signatures in all versions of the library, 0.1 to 0.7, under many file names.</remarks>
internal sealed unsafe class NativeSecp256k1 : Secp256k1
{
    // SECP256K1_CONTEXT_SIGN | _VERIFY: needed by the oldest version, the same as none for the others.
    private const uint ContextFlags = 0x301;
    private const uint UncompressedFlag = 2;
    private const int OpaqueKeyLengthBytes = 64;
    private const int OpaqueSignatureLengthBytes = 64;
    private const int OpaqueRecoverableLengthBytes = 65;

    private static readonly string[] FileNames = OperatingSystem.IsWindows()
        ? ["libsecp256k1-6.dll", "libsecp256k1-5.dll", "libsecp256k1-2.dll", "libsecp256k1-1.dll", "secp256k1.dll"]
        : OperatingSystem.IsMacOS()
            ? ["libsecp256k1.6.dylib", "libsecp256k1.5.dylib", "libsecp256k1.2.dylib", "libsecp256k1.1.dylib", "libsecp256k1.dylib"]
            : ["libsecp256k1.so.6", "libsecp256k1.so.5", "libsecp256k1.so.2", "libsecp256k1.so.1", "libsecp256k1.so.0"];

    private readonly nint _context;
    private readonly delegate* unmanaged[Cdecl]<nint, byte*, byte*, int> _keyCreate;
    private readonly delegate* unmanaged[Cdecl]<nint, byte*, byte*, nuint, int> _keyParse;
    private readonly delegate* unmanaged[Cdecl]<nint, byte*, nuint*, byte*, uint, int> _keySerialize;
    private readonly delegate* unmanaged[Cdecl]<nint, byte*, byte*, int> _signatureParse;
    private readonly delegate* unmanaged[Cdecl]<nint, byte*, byte*, byte*, int> _verify;
    private readonly delegate* unmanaged[Cdecl]<nint, byte*, byte*, byte*, nint, nint, int> _signRecoverable;
    private readonly delegate* unmanaged[Cdecl]<nint, byte*, int*, byte*, int> _recoverableSerialize;
    private readonly delegate* unmanaged[Cdecl]<nint, byte*, byte*, int, int> _recoverableParse;
    private readonly delegate* unmanaged[Cdecl]<nint, byte*, byte*, byte*, int> _recover;
    private readonly delegate* unmanaged[Cdecl]<nint, byte*, byte*, int> _keyTweakAdd;

    private NativeSecp256k1(nint library)
    {
        nint Export(string name) => NativeLibrary.GetExport(library, "secp256k1_" + name);
        var contextCreate = (delegate* unmanaged[Cdecl]<uint, nint>)Export("context_create");
        var contextRandomize = (delegate* unmanaged[Cdecl]<nint, byte*, int>)Export("context_randomize");
        _keyCreate = (delegate* unmanaged[Cdecl]<nint, byte*, byte*, int>)Export("ec_pubkey_create");
        _keyParse = (delegate* unmanaged[Cdecl]<nint, byte*, byte*, nuint, int>)Export("ec_pubkey_parse");
        _keySerialize = (delegate* unmanaged[Cdecl]<nint, byte*, nuint*, byte*, uint, int>)Export("ec_pubkey_serialize");
        _signatureParse = (delegate* unmanaged[Cdecl]<nint, byte*, byte*, int>)Export("ecdsa_signature_parse_compact");
        _verify = (delegate* unmanaged[Cdecl]<nint, byte*, byte*, byte*, int>)Export("ecdsa_verify");
        _signRecoverable = (delegate* unmanaged[Cdecl]<nint, byte*, byte*, byte*, nint, nint, int>)Export("ecdsa_sign_recoverable");
        _recoverableSerialize =
            (delegate* unmanaged[Cdecl]<nint, byte*, int*, byte*, int>)Export("ecdsa_recoverable_signature_serialize_compact");
        _recoverableParse =
            (delegate* unmanaged[Cdecl]<nint, byte*, byte*, int, int>)Export("ecdsa_recoverable_signature_parse_compact");
        _recover = (delegate* unmanaged[Cdecl]<nint, byte*, byte*, byte*, int>)Export("ecdsa_recover");
        _keyTweakAdd = (delegate* unmanaged[Cdecl]<nint, byte*, byte*, int>)Export("ec_pubkey_tweak_add");

        // The context lives as long as the process. Its blinding is set once, before any other thread can see it.
        _context = contextCreate(ContextFlags);
        Span<byte> seed = stackalloc byte[32];
        RandomNumberGenerator.Fill(seed);
        fixed (byte* seedPointer = seed)
        {
            Require(contextRandomize(_context, seedPointer));
        }

        CryptographicOperations.ZeroMemory(seed);
    }

    /// <summary>The machine's library, or null where there is none that serves.</summary>
    public static NativeSecp256k1? Instance { get; } = TryLoad();

    public override void DerivePublicKey(ReadOnlySpan<byte> privateKey, Span<byte> publicKey65)
    {
        var key = stackalloc byte[OpaqueKeyLengthBytes];
        fixed (byte* privatePointer = privateKey)
        {
            Require(_keyCreate(_context, key, privatePointer));
        }

        Serialize(key, publicKey65);
    }

    public override bool TryParsePublicKey(ReadOnlySpan<byte> encoded, Span<byte> publicKey65)
    {
        // The library also takes the hybrid form (06, 07), which is no business of ours.
        if (encoded.IsEmpty || encoded[0] is not (0x02 or 0x03 or 0x04))
        {
            return false;
        }

        var key = stackalloc byte[OpaqueKeyLengthBytes];
        fixed (byte* encodedPointer = encoded)
        {
            if (_keyParse(_context, key, encodedPointer, (nuint)encoded.Length) == 0)
            {
                return false;
            }
        }

        Serialize(key, publicKey65);
        return true;
    }

    public override int Sign(ReadOnlySpan<byte> privateKey, ReadOnlySpan<byte> digest, Span<byte> signature64)
    {
        var signature = stackalloc byte[OpaqueRecoverableLengthBytes];
        int recoveryId;
        fixed (byte* privatePointer = privateKey, digestPointer = digest, destination = signature64)
        {
            Require(_signRecoverable(_context, signature, digestPointer, privatePointer, 0, 0));
            Require(_recoverableSerialize(_context, destination, &recoveryId, signature));
        }

        // Two cases with a chance of 2^-128 in which the library differs from the managed implementation: it makes the nonce of
        // the digest before reduction, and it keeps an R whose x is not below n.
        return recoveryId > 1 || digest.SequenceCompareTo(Order) >= 0
            ? ManagedSecp256k1.Instance.Sign(privateKey, digest, signature64)
            : recoveryId;
    }

    public override bool Verify(ReadOnlySpan<byte> publicKey65, ReadOnlySpan<byte> digest, ReadOnlySpan<byte> signature64)
    {
        var key = stackalloc byte[OpaqueKeyLengthBytes];
        var signature = stackalloc byte[OpaqueSignatureLengthBytes];
        fixed (byte* keyPointer = publicKey65, digestPointer = digest, compact = signature64)
        {
            return _keyParse(_context, key, keyPointer, (nuint)publicKey65.Length) == 1
                && _signatureParse(_context, signature, compact) == 1
                && _verify(_context, signature, digestPointer, key) == 1;
        }
    }

    public override bool TryRecover(
        ReadOnlySpan<byte> digest, ReadOnlySpan<byte> signature64, int recoveryId, Span<byte> publicKey65)
    {
        var key = stackalloc byte[OpaqueKeyLengthBytes];
        var signature = stackalloc byte[OpaqueRecoverableLengthBytes];
        fixed (byte* digestPointer = digest, compact = signature64)
        {
            if (_recoverableParse(_context, signature, compact, recoveryId) == 0
                || _recover(_context, key, signature, digestPointer) == 0)
            {
                return false;
            }
        }

        Serialize(key, publicKey65);
        return true;
    }

    public override bool TryTweak(ReadOnlySpan<byte> publicKey65, ReadOnlySpan<byte> tweak, Span<byte> tweaked65)
    {
        var key = stackalloc byte[OpaqueKeyLengthBytes];
        fixed (byte* keyPointer = publicKey65, tweakPointer = tweak)
        {
            if (_keyParse(_context, key, keyPointer, (nuint)publicKey65.Length) == 0 || _keyTweakAdd(_context, key, tweakPointer) == 0)
            {
                return false;
            }
        }

        Serialize(key, tweaked65);
        return true;
    }

    private static NativeSecp256k1? TryLoad()
    {
        // Never from the current directory, where anybody may have put a file.
        const DllImportSearchPath Trusted = DllImportSearchPath.AssemblyDirectory | DllImportSearchPath.System32;
        foreach (var fileName in FileNames)
        {
            if (!NativeLibrary.TryLoad(fileName, Assembly.GetExecutingAssembly(), Trusted, out var library))
            {
                continue;
            }

            try
            {
                var candidate = new NativeSecp256k1(library);
                if (candidate.AgreesWith(ManagedSecp256k1.Instance))
                {
                    return candidate;
                }
            }
            catch (EntryPointNotFoundException)
            {
                // Built without the recovery module: another file may have it.
            }
        }

        return null;
    }

    private bool AgreesWith(Secp256k1 other)
    {
        Span<byte> mine = stackalloc byte[CompactSignatureLengthBytes];
        Span<byte> theirs = stackalloc byte[CompactSignatureLengthBytes];
        var digest = SHA256.HashData("libsecp256k1"u8);
        return Sign(digest, digest, mine) == other.Sign(digest, digest, theirs) && mine.SequenceEqual(theirs);
    }

    private void Serialize(byte* key, Span<byte> publicKey65)
    {
        var length = (nuint)publicKey65.Length;
        fixed (byte* destination = publicKey65)
        {
            Require(_keySerialize(_context, destination, &length, key, UncompressedFlag));
        }
    }

    private static void Require(int result)
    {
        if (result != 1)
        {
            throw new CryptographyException("libsecp256k1 refused a key that had been checked.");
        }
    }
}
