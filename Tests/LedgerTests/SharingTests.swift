import Git
import Glibc
import Migration
import Support
import System
import Testing

@testable import Ledger

/// One ledger for several clones: what the server has is what is true.
@Suite("A shared ledger")
struct SharingTests {
  private func holder(_ step: String, in ledger: Ledger) throws -> String? {
    guard case .leased(let lease)? = try ledger.read().state.migration(named: "mig")?.step(step)?.phase else {
      return nil
    }
    return lease.holder
  }

  @Test("goes over whole when it is shared, and comes along to another clone")
  func begins() throws {
    let world = try SharedWorld(steps: 2)
    let other = try world.clone("other")
    #expect(try world.sentences() == world.ledgers.sentences())
    #expect(try world.tip(other) == world.tip(world.server))
    #expect(try world.tip(world.server, "refs/heads/migrate/mig") == world.tip(world.server, "main"))
    #expect(try world.writer(in: other).read().state == world.writer().read().state)
  }

  @Test("goes over with its branch when the start was cut off before that was made")
  func beginsCutOff() throws {
    let branch = "refs/heads/migrate/mig"
    let world = try SharedWorld(steps: 1) { try $0.repository.git("update-ref", "-d", branch) }
    #expect(try world.tip(world.server, branch) == world.tip(world.server, "main"))
  }

  @Test("has an entry before the clone that wrote it has")
  func remoteFirst() throws {
    let world = try SharedWorld(steps: 2)
    let ledger = try world.writer()
    #expect(try world.ledgers.claim("S1", by: "a", through: ledger).isWon)
    #expect(try world.tip(world.server) == world.tip(world.ledgers.repository.path))
    #expect(try world.tip(world.server, Ledger.ref) == ledger.repository.resolve(Ledger.ref)?.hex)
  }

  @Test("has one winner: who was slower decides anew on what the winner did")
  func lostRace() throws {
    let world = try SharedWorld(steps: 2)
    let (first, second) = (try world.writer(), try world.writer(in: try world.clone("other")))
    var isDone = false
    let outcome = try world.ledgers.claim("S1", by: "a", through: first) {
      if isDone { return }
      isDone = true
      let faster = try? world.ledgers.claim("S1", by: "b", through: second)
      #expect(faster?.isWon == true)
    }
    #expect(outcome.refusal?.code == .held)
    #expect(try holder("S1", in: first) == "b")
    #expect(try world.sentences().count { $0.contains("S1 claimed") } == 1)
  }

  /// Found by failing reads of a server's ref, one after the other: its answers contradicted each other.
  @Test("is not pushed to for ever when it says that others were faster, and nobody was")
  func stubborn() throws {
    let world = try SharedWorld(steps: 2)
    let ledger = try world.writer()
    let before = try world.tip(world.server)
    let remote = StubbornRemote(try #require(ledger.remote))
    ledger.remote = remote
    let error = #expect(throws: LedgerError.self) {
      try world.ledgers.claim("S1", by: "a", through: ledger)
    }
    guard case .rejected? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(remote.pushes < StubbornRemote.limit)
    #expect(try world.tip(world.server) == before)
    // When the lock is gone, the next one goes through.
    remote.isStubborn = false
    #expect(try world.ledgers.claim("S1", by: "a", through: ledger).isWon)
  }

  @Test("would have two winners if a push did not ask for the old value (B1)")
  func blind() throws {
    let world = try SharedWorld(steps: 2)
    let path = try world.clone("other")
    let second = try world.writer(in: path)
    let first = try world.writer { real in
      let faulty = FaultyRemote(real)
      (faulty.isBlind, faulty.server) = (true, world.server)
      return faulty
    }
    (first.remote as? FaultyRemote)?.git = GitProgram(first.repository)
    var isDone = false
    let outcome = try world.ledgers.claim("S1", by: "a", through: first) {
      if isDone { return }
      isDone = true
      let faster = try? world.ledgers.claim("S1", by: "b", through: second)
      #expect(faster?.isWon == true)
    }
    // Both were told that they won: the tests above would notice.
    #expect(outcome.isWon)
    #expect(throws: LedgerError.self) { try second.synchronize() }
  }

  @Test("settles an open outcome by looking", arguments: FaultyRemote.Fault.open)
  func openOutcome(_ fault: FaultyRemote.Fault) throws {
    let world = try SharedWorld(steps: 2)
    let ledger = try world.writer { real in
      let faulty = FaultyRemote(real)
      faulty.faults = [fault]
      return faulty
    }
    #expect(try world.ledgers.claim("S1", by: "a", through: ledger).isWon)
    #expect(try world.sentences().count { $0.contains("S1 claimed") } == 1, "exactly once")
    #expect(try world.tip(world.server) == world.tip(world.ledgers.repository.path))
    #expect((ledger.remote as? FaultyRemote)?.pushes == (fault == .cutAfter ? 1 : 2))
  }

  @Test("knows its own entry that came late, and that never came", arguments: [true, false])
  func lateAndOvertaken(arrives: Bool) throws {
    let world = try SharedWorld(steps: 2)
    let other = try world.writer(in: try world.clone("other"))
    let append = {
      let faster = try? world.ledgers.claim("S2", by: "b", through: other)
      #expect(faster?.isWon == true)
    }
    let ledger = try world.writer { real in
      let faulty = FaultyRemote(real)
      faulty.faults = [.late]
      if arrives { faulty.afterArrival = append } else { faulty.beforeArrival = append }
      return faulty
    }
    ledger.contact.crowd.many = 1
    var asked = 0
    let outcome = try world.ledgers.claim("S1", by: "a", through: ledger) { asked += 1 }
    #expect(outcome.isWon)
    // Behind the others the very same is decided by the rules alone.
    #expect(asked == 1)
    let claims = try world.sentences().filter { $0.contains("S1 claimed") }
    #expect(claims.count == 1, "\(claims)")
    let path = world.ledgers.repository.path
    #expect(try world.tip(path) == world.tip(world.server), "and does not go back behind the others")
    #expect(try world.ledgers.repository.git("for-each-ref", "refs/migrate/refused") == "")
  }

  @Test("never tries another entry while the one before may still arrive")
  func openAndBusy() throws {
    let world = try SharedWorld(steps: 1)
    let clock = Time()
    let ledger = try world.writer(clock: clock) { FaultyRemote($0) }
    let remote = try #require(ledger.remote as? FaultyRemote)
    #expect(try world.ledgers.claim("S1", by: "a", through: ledger).isWon)
    (remote.faults, remote.isFetchCut) = ([.late], true)
    // Just when it is to wait here the ref's lock is held, the push arrives, and the remote is back.
    let move = ledger.local.move
    ledger.local.move = { repository, new, old in
      ledger.local.move = move
      try? remote.arrive()
      remote.isFetchCut = false
      clock.seconds += 60
      return .busy(GitError(message: "the lock is held", operation: "move"))
    }
    let failure = Failure(kind: .worker, reason: "it broke")
    let outcome = try ledger.append(
      [Proposal("mig", .attemptFailed(Fence(step: "S1", epoch: 1), failure))], by: "a")
    #expect(outcome.isWon, "it is recorded: \(outcome)")
    #expect(try world.sentences().count { $0.contains("it broke") } == 1)
    #expect(try world.tip(world.server) == world.tip(world.ledgers.repository.path))
  }

  @Test("tries the same entry again when the remote was only busy after a push of unknown outcome")
  func openAndLocked() throws {
    let world = try SharedWorld(steps: 1)
    let ledger = try world.writer { FaultyRemote($0) }
    let remote = try #require(ledger.remote as? FaultyRemote)
    remote.faults = [.busy, .late]
    var asked = 0
    let outcome = try world.ledgers.claim("S1", by: "a", through: ledger) {
      asked += 1
      if asked == 2 { try? remote.arrive() }
    }
    #expect(outcome.isWon && asked == 1, "\(outcome)")
    #expect(try world.sentences().count { $0.contains("S1 claimed") } == 1)
  }

  @Test("takes what waited once, however often it is sent", arguments: FaultyRemote.Fault.open)
  func waitingOnce(_ fault: FaultyRemote.Fault) throws {
    let world = try SharedWorld(steps: 3)
    let ledger = try world.writer()
    for step in ["S1", "S2"] { #expect(try world.ledgers.claim(step, by: "a", through: ledger).isWon) }
    try world.setReachable(false)
    let (broken, kept) = (Fence(step: "S1", epoch: 1), Fence(step: "S2", epoch: 1))
    let failure = Failure(kind: .worker, reason: "it broke")
    #expect(try ledger.append([Proposal("mig", .attemptFailed(broken, failure))], by: "a").isWon)
    let later = SystemClock().now().adding(seconds: 3600)
    #expect(try ledger.append([Proposal("mig", .leaseRenewed(kept, expiresAt: later))], by: "a").isWon)
    try world.setReachable(true)
    let other = try world.writer(in: try world.clone("other"))
    #expect(try world.ledgers.claim("S3", by: "b", through: other).isWon)

    let again = try world.writer { real in
      let faulty = FaultyRemote(real)
      faulty.faults = [fault]
      return faulty
    }
    #expect(throws: LedgerError.self) { try again.synchronize() }
    let report = try again.synchronize()
    #expect(report.refused.isEmpty && report.sent == 2 && report.received == 1, "\(report)")
    let sentences = try world.sentences()
    #expect(sentences.count == 6, "\(sentences)")
    #expect(try world.tip(world.server) == world.tip(world.ledgers.repository.path))
    #expect(try world.writer().fsck() == [])
  }

  @Test("takes the failure of a result that it refuses once, when that arrives after all")
  func refusedOnce() throws {
    let world = try SharedWorld(steps: 1)
    let ledger = try world.writer()
    #expect(try world.ledgers.claim("S1", by: "a", through: ledger).isWon)
    try world.setReachable(false)
    let lease = try #require(ledger.read().state.migration(named: "mig")?.step("S1"))
    guard case .leased(let claim) = lease.phase else { throw TestFailure("\(lease.phase)") }
    let tree = try #require(ObjectID(world.ledgers.repository.git("rev-parse", "HEAD^{tree}")))
    let result = Submission.Result(commit: claim.base, tree: tree, isNoOp: true)
    let handedIn = Change.stepSubmitted(Fence(step: "S1", epoch: 1), result)
    #expect(try ledger.append([Proposal("mig", handedIn)], by: "a").isWon)
    try world.setReachable(true)

    // It refuses the result, refuses it by itself, and takes its failure, but that is told to nobody.
    var remote: FaultyRemote?
    let again = try world.writer { real in
      let faulty = FaultyRemote(real)
      faulty.faults = [.cutAfter, .refuses, .refuses]
      remote = faulty
      return faulty
    }
    #expect(throws: LedgerError.self) { try again.synchronize() }
    let report = try again.synchronize()
    #expect(remote?.faults.isEmpty == true)
    #expect(report.refused.isEmpty && report.sent == 1, "\(report)")
    #expect(try world.sentences().count { $0.contains("it is read-only") } == 1)
    #expect(try world.tip(world.server) == world.tip(world.ledgers.repository.path))
    #expect(try world.writer().fsck() == [])
  }

  @Test("gives nothing away while the server cannot be reached")
  func offlineClaim() throws {
    let world = try SharedWorld(steps: 2)
    let ledger = try world.writer()
    try world.setReachable(false)
    #expect {
      _ = try world.ledgers.claim("S1", by: "a", through: ledger)
    } throws: {
      if case .unreachable? = $0 as? LedgerError { true } else { false }
    }
    try world.setReachable(true)
    #expect(try world.sentences().count == 1, "nothing was recorded")
    #expect(try world.writer().waitingCount() == 0)
  }

  @Test("takes reports on one's own work later, and decides them anew")
  func offlineReport() throws {
    let world = try SharedWorld(steps: 2)
    let ledger = try world.writer()
    var warnings: [String] = []
    ledger.local.tell = { warnings.append($0) }
    #expect(try world.ledgers.claim("S1", by: "a", through: ledger).isWon)
    #expect(try world.ledgers.claim("S2", by: "a", through: ledger).isWon)
    try world.setReachable(false)
    let failure = Failure(kind: .worker, reason: "it broke")
    for step in ["S1", "S2"] {
      let fence = Fence(step: step, epoch: 1)
      #expect(try ledger.append([Proposal("mig", .attemptFailed(fence, failure))], by: "a").isWon)
    }
    #expect(warnings.count == 1, "\(warnings)")
    #expect(try ledger.waitingCount() == 2)

    // Meanwhile an operator takes S2 away from the worker.
    try world.setReachable(true)
    let other = try world.writer(in: try world.clone("other"))
    let taken = Change.stepReleased(Fence(step: "S2", epoch: 1), forced: true, reason: "stuck")
    #expect(try other.append([Proposal("mig", taken)], by: "boss").isWon)

    let before = try world.tip(world.ledgers.repository.path)
    let report = try world.writer().synchronize()
    #expect(report.sent == 1 && report.received == 1)
    #expect(report.refused.count == 1 && report.refused.first?.sentence.contains("S2") == true, "\(report)")
    #expect(try world.tip(world.ledgers.repository.path, report.keptOn ?? "") == before, "nothing is lost")
    #expect(try world.tip(world.server) == world.tip(world.ledgers.repository.path))
    #expect(try world.sentences().count { $0.contains("S1") && $0.contains("it broke") } == 1)
    #expect(try world.writer().waitingCount() == 0)
    #expect(try world.writer().fsck() == [])
  }

  @Test("brings over what waited as it is when nobody else was there")
  func offlineAlone() throws {
    let world = try SharedWorld(steps: 1)
    let ledger = try world.writer()
    #expect(try world.ledgers.claim("S1", by: "a", through: ledger).isWon)
    try world.setReachable(false)
    let released = Change.stepReleased(Fence(step: "S1", epoch: 1), forced: false, reason: "")
    #expect(try ledger.append([Proposal("mig", released)], by: "a").isWon)
    let tip = try world.tip(world.ledgers.repository.path)
    try world.setReachable(true)
    // The next append takes it along.
    #expect(try world.ledgers.claim("S1", by: "b", through: world.writer()).isWon)
    #expect(try world.ledgers.repository.runGit(["-C", world.server, "cat-file", "-e", tip]).code == 0)
    #expect(try world.sentences().count == 4)
  }

  /// A clock that goes on whenever somebody waits for a lock.
  private final class Time: WallClock, @unchecked Sendable {
    var seconds = Int64(time(nil))
    func now() -> Timestamp { Timestamp(milliseconds: seconds * 1000) }
  }

  @Test("goes on in a clone in which a killed program left the ledger's lock")
  func leftLock() throws {
    let world = try SharedWorld(steps: 1)
    let clock = Time()
    let ledger = try world.writer(clock: clock)
    ledger.local.move = { repository, new, old in
      let outcome = repository.compareAndSwap(ref: Ledger.ref, to: new, from: old, retry: .never)
      if case .busy = outcome { clock.seconds += 1 }
      return outcome
    }
    try Files.writeAtomically(ledger.repository.commonDirectory + "/" + Ledger.ref + ".lock", [])
    #expect(try world.ledgers.claim("S1", by: "a", through: ledger).isWon)
    #expect(try world.tip(world.server) == world.tip(world.ledgers.repository.path))
  }

  @Test("tells every reason why the remote cannot be reached, and each of them once")
  func reasonsTold() throws {
    let world = try SharedWorld(steps: 3)
    let clock = Time()
    var remote: FaultyRemote?
    let ledger = try world.writer(clock: clock) { real in
      let faulty = FaultyRemote(real)
      remote = faulty
      return faulty
    }
    var warnings: [String] = []
    ledger.local.tell = { warnings.append($0) }
    for step in ["S1", "S2", "S3"] {
      #expect(try world.ledgers.claim(step, by: "a", through: ledger).isWon)
    }
    func fail(_ step: String) throws {
      clock.seconds += 11
      let failure = Failure(kind: .worker, reason: "it broke")
      let change = Change.attemptFailed(Fence(step: step, epoch: 1), failure)
      #expect(try ledger.append([Proposal("mig", change)], by: "a").isWon)
    }
    try world.setReachable(false)
    try fail("S1")
    try fail("S2")
    #expect(warnings.count == 1, "\(warnings)")
    try world.setReachable(true)
    remote?.isFetchCut = true
    try fail("S3")
    #expect(warnings.count == 2, "\(warnings)")
  }

  @Test("has what the remote has taken, even when our own ref cannot be moved")
  func ownRefStuck() throws {
    let world = try SharedWorld(steps: 2)
    let ledger = try world.writer()
    var warnings: [String] = []
    ledger.local.tell = { warnings.append($0) }
    let error = GitError(message: "the disk is full", operation: "move", subject: Ledger.ref)
    ledger.local.move = { (_, _, _) in .unknown(error) }
    let won = try world.ledgers.claim("S1", by: "a", through: ledger)
    #expect(won.isWon, "an error would say that nothing was recorded")
    #expect(try world.sentences().count { $0.contains("S1 claimed") } == 1)
    #expect(warnings.count == 1, "\(warnings)")
    #expect(try world.ledgers.claim("S2", by: "a", through: world.writer()).isWon)
    #expect(try world.tip(world.server) == world.tip(world.ledgers.repository.path))
  }

  @Test("is asked again after the clock was put back")
  func clockPutBack() throws {
    let world = try SharedWorld(steps: 2)
    let (clock, other) = (Time(), try world.writer(in: try world.clone("other")))
    let ledger = try world.writer(clock: clock)
    #expect(try world.ledgers.claim("S1", by: "a", through: ledger).isWon)
    #expect(try world.ledgers.claim("S2", by: "b", through: other).isWon)
    clock.seconds -= 3600
    let outcome = try ledger.append(by: "a") { (_, _) throws(Refusal) in [] }
    guard case .nothing(let snapshot) = outcome else { return #expect(Bool(false), "\(outcome)") }
    #expect(snapshot.sequence == 3, "what the other did is seen")
  }
}
