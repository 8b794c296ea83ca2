using Sdk.Core.Cryptography;
using Sdk.Core.Payments;

namespace Sdk.Core.Tests.Payments;

public sealed class AccountingCrashTests
{
    [Fact]
    public void Nothing_leaves_before_it_is_durable()
    {
        using var us = new Bookkeeper();
        using var peerKey = KeyPair.GenerateTestOnly();
        var peer = us.Open(peerKey.Address);
        us.Spend(peer, 600);
        us.Books.Settle(us.Now);
        us.Take(peer, peerKey, 100);

        Assert.False(us.Books.TryTakeOutgoing(out _));
        us.Books.Commit();
        Assert.True(us.Books.TryTakeOutgoing(out var sent));
        Assert.Equal(Outgoing.Cheque | Outgoing.Acknowledgement, sent.What);
    }

    [Fact]
    public void What_was_committed_is_there_after_a_crash()
    {
        using var us = new Bookkeeper();
        using var peerKey = KeyPair.GenerateTestOnly();
        var peer = us.Open(peerKey.Address);
        us.Earn(peer, 900);
        us.Take(peer, peerKey, 700);
        us.Books.Cashed(peer, 700, 600, us.Now);
        us.Books.Commit();
        var cheque = us.Books.HeldCheque(peer)!.Encode();

        us.Crash(seed: 1);

        var again = us.Books.Find(peerKey.Address)!;
        Assert.Equal((peer.Balance, peer.Received, peer.Presented, peer.Cashed, peer.Earned), (again.Balance, again.Received, again.Presented, again.Cashed, again.Earned));
        Assert.Equal(cheque, us.Books.HeldCheque(again)!.Encode());
    }

    [Fact]
    public void What_was_not_committed_is_gone_after_a_crash_and_reservations_with_it()
    {
        using var us = new Bookkeeper();
        using var peerKey = KeyPair.GenerateTestOnly();
        var peer = us.Open(peerKey.Address);
        us.Books.Commit();
        us.Earn(peer, 900);
        us.Books.ReserveEarning(peer, 100, us.Now, out _);

        us.Crash(seed: 1);

        Assert.Equal(0, us.Open(peerKey.Address).Balance);
        Assert.Equal((UInt128)0, us.Books.Find(peerKey.Address)!.ReservedEarnings);
    }

    [Fact]
    public void Wherever_the_power_goes_no_acknowledged_cheque_is_lost_and_no_cheque_that_left_is_forgotten()
    {
        using var ourKey = KeyPair.GenerateTestOnly();
        using var peerKey = KeyPair.GenerateTestOnly();
        var cuts = 0;
        for (var operations = 0; ; operations++, cuts++)
        {
            using var us = new Bookkeeper(ourKey, journalBytes: 16384);
            us.CutPowerAfter(operations);
            UInt128 acknowledged = 0;
            UInt128 left = 0;
            var isCut = false;
            try
            {
                var peer = us.Open(peerKey.Address);
                for (ulong round = 1; round <= 40; round++)
                {
                    us.Earn(peer, 300);
                    us.Take(peer, peerKey, 300 * round);
                    us.Spend(peer, 600);
                    us.Books.Cashed(peer, 300 * round, 300 * round, us.Now);
                    for (var sent = us.Send(); sent.What != Outgoing.None; sent = us.Send())
                    {
                        acknowledged = sent.What.HasFlag(Outgoing.Acknowledgement) ? sent.Received : acknowledged;
                        left = sent.What.HasFlag(Outgoing.Cheque) ? sent.Issued : left;
                    }

                    us.Books.ReceiveAcknowledgement(peer, left);
                }
            }
            catch (IOException)
            {
                isCut = true;
            }

            us.Crash(seed: (ulong)operations);
            var again = us.Books.Find(peerKey.Address);
            Assert.True(acknowledged <= (again?.Received ?? 0), $"cut at {operations}: acknowledged {acknowledged}");
            Assert.True(left <= (again?.Issued ?? 0), $"cut at {operations}: {left} left");
            Assert.True((again?.Acknowledged ?? 0) <= (again?.Issued ?? 0));
            if (!isCut)
            {
                break;
            }
        }

        Assert.True(cuts > 60, $"only {cuts} places to cut");
    }

    [Fact]
    public void The_journal_begins_anew_before_it_is_full()
    {
        using var us = new Bookkeeper(journalBytes: 16384);
        using var peerKey = KeyPair.GenerateTestOnly();
        var peer = us.Open(peerKey.Address);
        for (var i = 0; i < 500; i++)
        {
            us.Earn(peer, 1);
            us.Books.Commit();
        }

        us.Reopen();

        Assert.Equal(500, us.Books.Find(peerKey.Address)!.Balance);
    }

    [Fact]
    public void After_a_failed_sync_nothing_leaves_until_the_books_are_opened_again()
    {
        using var us = new Bookkeeper();
        using var peerKey = KeyPair.GenerateTestOnly();
        var peer = us.Open(peerKey.Address);
        us.Books.Commit();
        us.Spend(peer, 600);
        us.Books.Settle(us.Now);
        us.CutPowerAfter(1);

        Assert.ThrowsAny<IOException>(us.Books.Commit);
        Assert.Throws<StoreFailedException>(us.Books.Commit);
        Assert.False(us.Books.TryTakeOutgoing(out _));
    }

    [Fact]
    public void Books_of_another_account_are_refused()
    {
        using var us = new Bookkeeper();
        using var peerKey = KeyPair.GenerateTestOnly();
        us.Open(peerKey.Address);
        us.Books.Commit();

        Assert.Throws<LogCorruptException>(() => us.Reopen(peerKey));
    }
}
