import Git
import Migration
import Support
import System
import Testing

@testable import Ledger

@Suite("Appending to the ledger")
struct AppendTests {
  /// Two writers read the same tip; the second writes first. How many believe that they hold S1?
  private func winners(
    moving move: @escaping (Repository, OID, OID?) -> SwapOutcome
  ) throws -> (acknowledged: Int, claims: Int) {
    let world = try LedgerWorld(steps: 2)
    let slow = try world.writer()
    let fast = try world.writer()
    for writer in [slow, fast] {
      writer.local.move = move
      // The queue would put them one after the other; the old value alone must be enough.
      writer.local.isQueueing = false
    }
    var outcomes: [AppendOutcome] = []
    var isFirst = true
    let late = try world.claim("S1", by: "slow", through: slow) {
      guard isFirst else { return }
      isFirst = false
      if let outcome = try? world.claim("S1", by: "fast", through: fast) { outcomes.append(outcome) }
    }
    outcomes.append(late)
    let claims = try world.sentences().count { $0.hasPrefix("S1 claimed") }
    return (outcomes.count(where: \.isWon), claims)
  }

  @Test("of two writers that read the same tip one wins, and the other decides again")
  func oneWins() throws {
    let result = try winners { repository, new, old in
      repository.compareAndSwap(ref: Ledger.ref, to: new, from: old)
    }
    #expect(result == (1, 1))
  }

  @Test("without the check of the old value both would win: this is what the test above is for")
  func bothWinWithoutTheCheck() throws {
    let result = try winners { repository, new, _ in
      let current = try? repository.resolve(Ledger.ref)
      return repository.compareAndSwap(ref: Ledger.ref, to: new, from: current)
    }
    #expect(result.acknowledged == 2)
    #expect(result.claims == 1, "the chain holds one claim, so one acknowledged claim is lost")
  }

  @Test("an error after the ref moved is a win, once")
  func unknownButApplied() throws {
    let world = try LedgerWorld(steps: 1)
    let ledger = try world.writer()
    ledger.local.move = { repository, new, old in
      _ = repository.compareAndSwap(ref: Ledger.ref, to: new, from: old)
      return .unknown(GitError(message: "input/output error", operation: "move ref", subject: Ledger.ref))
    }
    #expect(try world.claim("S1", by: "w1", through: ledger).isWon)
    #expect(
      try world.sentences() == ["mig started with 1 step into migrate/mig", "S1 claimed by w1 (epoch 1)"])
  }

  @Test("an error before the ref moved is tried again, and given up with nothing written")
  func unknownAndNotApplied() throws {
    let world = try LedgerWorld(steps: 1)
    let ledger = try world.writer()
    let error = GitError(message: "no space left on device", operation: "move ref", subject: Ledger.ref)
    var calls = 0
    ledger.local.move = { _, _, _ in
      calls += 1
      return .unknown(error)
    }
    #expect(throws: LedgerError.notWritten(error)) { try world.claim("S1", by: "w1", through: ledger) }
    #expect(calls == 3)
    #expect(try world.sentences().count == 1)
    ledger.local.move = { repository, new, old in
      repository.compareAndSwap(ref: Ledger.ref, to: new, from: old)
    }
    #expect(try world.claim("S1", by: "w1", through: ledger).isWon)
  }

  @Test("an entry whose object a full disk has lost is said to be that")
  func lostObject() throws {
    let world = try LedgerWorld(steps: 1)
    let ledger = try world.writer()
    ledger.local.move = { repository, new, _ in
      let name = new.hex
      try? Files.removeFile("\(repository.commonDirectory)/objects/\(name.prefix(2))/\(name.dropFirst(2))")
      return .unknown(GitError(message: "target does not exist", operation: "move ref", subject: Ledger.ref))
    }
    let error = #expect(throws: LedgerError.self) { try world.claim("S1", by: "w1", through: ledger) }
    #expect(error?.description.contains("the disk may be full") == true)
    #expect(try world.sentences().count == 1)
  }

  @Test("all proposals of an append are written, or none")
  func allOrNone() throws {
    let world = try LedgerWorld(steps: 3)
    let ledger = try world.writer()
    let both = try ledger.append(by: "w1") { (snapshot, at) throws(Refusal) in
      ["S1", "S2"].map { world.claim($0, by: "w1", in: snapshot, at: at) }
    }
    #expect(both.isWon)
    let none = try ledger.append(by: "w2") { (snapshot, at) throws(Refusal) in
      ["S3", "S1"].map { world.claim($0, by: "w2", in: snapshot, at: at) }
    }
    #expect(none.refusal?.code == .held)
    #expect(try world.sentences().count == 3)
  }

  @Test("the time of an entry is never before the one it follows, whatever the clock says")
  func timeDoesNotRunBack() throws {
    let world = try LedgerWorld(steps: 1)
    let repository = try world.writer().repository
    let ahead = Ledger(repository: repository, clock: Still(at: 2_000_000_000_000))
    _ = try ahead.append([Proposal("mig", .migrationPaused(reason: "x"))], by: "w")
    let behind = Ledger(repository: repository, clock: Still(at: 1_000_000_000_000))
    _ = try behind.append([Proposal("mig", .migrationResumed)], by: "w")
    #expect(try behind.reader.entries().last?.entry.event.at.milliseconds == 2_000_000_000_000)
  }

  @Test("a secret in a reason is taken out before the entry is built")
  func redacts() throws {
    let world = try LedgerWorld(steps: 1)
    let repository = try world.writer().repository
    let ledger = Ledger(repository: repository, redact: { $0 == "canary" ? "[redacted]" : $0 })
    _ = try ledger.append([Proposal("mig", .migrationPaused(reason: "canary"))], by: "w")
    #expect(try world.repository.git("log", "-1", "--format=%B", Ledger.ref).contains("canary") == false)
  }

  private struct Still: WallClock {
    let at: Int64

    func now() -> Timestamp { Timestamp(milliseconds: at) }
  }

  @Test("many proposals become durable as one pack, and are entries like any other")
  func batch() throws {
    let world = try LedgerWorld(steps: 20)
    let before = try world.writer().reader.entries().count
    let loose = try world.looseObjects()
    let proposals = (1...20).map { number in
      Proposal("mig", .stepSkipped(step: "S\(number)", reason: "not needed"))
    }
    let writer = try world.writer()
    #expect(try writer.append(proposals, by: "ann").isWon)
    #expect(try world.looseObjects() == loose, "nothing was written one by one")
    let found = try world.writer()
    #expect(try found.reader.entries().count == before + 20)
    #expect(try found.fsck() == [])
    #expect(try found.read().state == writer.read().state)
    try world.repository.git("fsck", "--strict", "--no-dangling")
    // The next entry stands on the pack.
    #expect(try world.writer().append([Proposal("mig", .migrationPaused(reason: "lunch"))], by: "ann").isWon)
  }

  @Test("of a batch that is refused nothing is written")
  func refusedBatch() throws {
    let world = try LedgerWorld(steps: 20)
    let loose = try world.looseObjects()
    let tip = try world.writer().read().tip
    let proposals = (1...21).map { number in
      Proposal("mig", .stepSkipped(step: "S\(number)", reason: "not needed"))
    }
    guard case .refused = try world.writer().append(proposals, by: "ann") else {
      Issue.record("a step that is none was skipped")
      return
    }
    #expect(try world.writer().read().tip == tip)
    #expect(try world.looseObjects() == loose)
    #expect(try world.packs() == 0)
  }
}
