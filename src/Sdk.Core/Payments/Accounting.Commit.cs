using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;

namespace Sdk.Core.Payments;

/// <summary>What makes changes durable, and only then gives out the messages that hang on them.</summary>
internal sealed partial class Accounting
{
    private readonly Lock _commitGate = new();
    private readonly Queue<PeerSheet> _ready = new();
    private List<PeerSheet> _dirty = [];
    private List<PeerSheet> _committing = [];
    private byte[] _batch = new byte[64 * SheetCodec.SheetBytes];
    private Exception? _failure;

    /// <summary>Whether something waits for a commit.</summary>
    public bool HasChanges
    {
        get
        {
            lock (_gate)
            {
                return _dirty.Count > 0;
            }
        }
    }

    /// <summary>
    /// Makes durable all that was booked before this call, in one sync. Callers that come while one runs wait and share the next: so many
    /// charges cost one sync.
    /// </summary>
    /// <exception cref="StoreFailedException">A write or sync failed before; nothing more is booked until the books are reopened.</exception>
    public void Commit()
    {
        lock (_commitGate)
        {
            if (_failure is { } failure)
            {
                throw new StoreFailedException("The books stopped when they could not be written; they must be reopened.", failure);
            }

            var bytes = Begin(out var isWhole);
            try
            {
                if (bytes > 0 && _journal is not null && !_mutations.HasFlag(AccountingMutations.NoJournal))
                {
                    if (isWhole)
                    {
                        _journal.WriteAll(_batch.AsSpan(0, bytes));
                    }
                    else
                    {
                        _journal.Write(_batch.AsSpan(0, bytes));
                    }
                }
            }
            catch (Exception e)
            {
                _failure = e;
                throw;
            }

            End();
        }
    }

    /// <summary>Messages for one peer that may leave now.</summary>
    public bool TryTakeOutgoing(out OutgoingMessages messages)
    {
        lock (_gate)
        {
            if (!_ready.TryDequeue(out var sheet))
            {
                messages = default;
                return false;
            }

            messages = new OutgoingMessages(sheet, sheet.Ready, sheet.DurableIssued, sheet.DurableReceived, sheet.InvoiceTarget);
            sheet.Ready = Outgoing.None;
            return true;
        }
    }

    /// <summary>Our cheque to a peer, signed; the same bytes each time.</summary>
    public SignedCheque Sign(OutgoingMessages messages, KeyPair issuer) =>
        _parameters.Domain.Sign(new Cheque(_parameters.Self, messages.Sheet.Account, TokenAmount.FromBaseUnits(messages.Issued)), issuer);

    private int Begin(out bool isWhole)
    {
        lock (_gate)
        {
            (_dirty, _committing) = (_committing, _dirty);
            isWhole = _journal?.NeedsSnapshot(_committing.Count) == true;
            var written = isWhole ? _sheets : _committing;
            var bytes = _committing.Count == 0 || _journal is null ? 0 : written.Count * SheetCodec.SheetBytes;
            if (_batch.Length < bytes)
            {
                _batch = new byte[Math.Max(bytes, 2 * _batch.Length)];
            }

            if (bytes > 0)
            {
                for (var i = 0; i < written.Count; i++)
                {
                    SheetCodec.Write(written[i], _batch.AsSpan(i * SheetCodec.SheetBytes));
                }
            }

            foreach (var sheet in _committing)
            {
                sheet.IsDirty = false;
                sheet.Committing = sheet.Wanted;
                sheet.Wanted = Outgoing.None;
                sheet.CommittingIssued = sheet.Issued;
                sheet.CommittingReceived = sheet.Received;
            }

            return bytes;
        }
    }

    private void End()
    {
        lock (_gate)
        {
            foreach (var sheet in _committing)
            {
                sheet.DurableIssued = sheet.CommittingIssued;
                sheet.DurableReceived = sheet.CommittingReceived;
                Release(sheet, sheet.Committing);
            }

            _committing.Clear();
        }
    }

    private void Release(PeerSheet sheet, Outgoing messages)
    {
        if (messages == Outgoing.None)
        {
            return;
        }

        if (sheet.Ready == Outgoing.None)
        {
            _ready.Enqueue(sheet);
        }

        sheet.Ready |= messages;
    }
}

/// <summary>What one peer is to be told.</summary>
/// <param name="Sheet">The peer.</param>
/// <param name="What">Which messages.</param>
/// <param name="Issued">The cumulative payout of the cheque.</param>
/// <param name="Received">The cumulative payout that is acknowledged.</param>
/// <param name="InvoiceTarget">The cumulative payout that is asked for; 0 where the invoice was answered meanwhile.</param>
internal readonly record struct OutgoingMessages(PeerSheet Sheet, Outgoing What, UInt128 Issued, UInt128 Received, UInt128 InvoiceTarget);
