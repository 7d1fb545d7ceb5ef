import Draws
import Git
import Migration
import Support
import Synchronization

@testable import Ledger

/// A clone's worker that claims, gives back and reads, and tells what it was told.
struct HistoryClient {
  let number: Int
  let ledger: Ledger
  let clock: LeapingClock
  let recorder: Recorder
  var chance: Chance
  private var count = 0
  /// What it tried to give back: only once, so that each operation is one.
  private var given: Set<String> = []

  init(number: Int, ledger: Ledger, clock: LeapingClock, recorder: Recorder, chance: Chance) {
    (self.number, self.ledger, self.clock) = (number, ledger, clock)
    (self.recorder, self.chance) = (recorder, chance)
  }

  /// Its name, a new one for each claim.
  private var name: String { "c\(number)-\(count)" }

  /// Does one thing; whether it was told `ok`.
  mutating func act() -> Bool {
    count += 1
    let end = perform()
    // Otherwise it would go on from what it knows, without asking.
    if case .ok = end { return true }
    clock.leap()
    return false
  }

  private mutating func perform() -> History.Kind {
    switch chance.below(10) {
    case 0: return read()
    case 1..<6: return held().map { give($0.fence, of: $0.holder) } ?? claim()
    default: return claim()
    }
  }

  private func read() -> History.Kind {
    return recorder.run(number, .read(number * 1_000_000 + count)) {
      _ = try ledger.synchronize()
      return .ok(.sequence(try ledger.read().sequence))
    }
  }

  private mutating func claim() -> History.Kind {
    // Now and then one that everybody wants, whoever has it.
    let isStubborn = chance.once(in: 4)
    return recorder.run(number, .claim(holder: name)) {
      var wanted: Fence?
      let outcome = try ledger.append(by: name) { (snapshot, at) throws(Refusal) in
        guard let migration = snapshot.state.migration(named: "mig"),
          let step = migration.steps.first(where: { isStubborn || $0.phase == .ready })
        else { throw Refusal(.held, "nothing is ready") }
        let fence = Fence(step: step.id, epoch: step.epoch + 1)
        wanted = fence
        let claim = Claim(
          fence: fence, holder: name, owner: Owner(machine: "m", boot: "b", pid: 0, startTicks: 0),
          base: migration.tip, expiresAt: at.adding(seconds: 86_400), slot: nil)
        return [Proposal("mig", .stepClaimed(claim))]
      }
      guard case .won(let snapshot, _) = outcome, let wanted, let tip = snapshot.tip else { return .fail }
      let reader = ledger.reader
      let entry = try reader.chain.entry(of: try reader.chain.commit(tip), plans: reader.plans).entry
      return .ok(.claimed(wanted, nonce: entry.nonce))
    }
  }

  private mutating func give(_ fence: Fence, of holder: String) -> History.Kind {
    given.insert("\(fence.step) \(fence.epoch)")
    let operation = History.Operation.release(step: fence.step, epoch: fence.epoch)
    return recorder.run(number, operation) {
      let change = Change.stepReleased(fence, forced: false, reason: "")
      guard try ledger.append([Proposal("mig", change)], by: holder).isWon else { return .fail }
      if try ledger.waitingCount() == 0 { return .ok(.nothing) }
      recorder.wait(for: operation)
      return .info
    }
  }

  /// A step that it holds, as far as it knows.
  private func held() -> (fence: Fence, holder: String)? {
    guard let steps = try? ledger.read().state.migration(named: "mig")?.steps else { return nil }
    for step in steps {
      guard case .leased(let lease) = step.phase, lease.holder.hasPrefix("c\(number)-"),
        !given.contains("\(step.id) \(step.epoch)")
      else { continue }
      return (Fence(step: step.id, epoch: step.epoch), lease.holder)
    }
    return nil
  }
}

/// How clients' pushes ended.
final class PushTally: Sendable {
  struct Counts: Sendable {
    var won = 0
    var lost = 0
    var open = 0
  }

  let counts = Mutex(Counts())
}

/// A remote that counts.
final class CountedRemote: ForwardingRemote {
  private let tally: PushTally

  init(_ real: any LedgerRemote, _ tally: PushTally) {
    self.tally = tally
    super.init(real)
  }

  override func push(_ updates: [GitProgram.PushUpdate]) throws(GitError) -> GitProgram.PushOutcome {
    let outcome = try real.push(updates)
    tally.counts.withLock {
      switch outcome {
      case .won: $0.won += 1
      case .lost: $0.lost += 1
      case .rejected, .unknown: $0.open += 1
      }
    }
    return outcome
  }
}

/// The clock of one clone, which its client can set forward: who could not reach the server rests for as long
/// as ever, and nobody need wait for it.
final class LeapingClock: WallClock {
  private static let begin = Recorder.nanoseconds()
  private var leaps = 0

  /// A day after the tests' worlds begin.
  private static let epoch = Timestamp(milliseconds: (TestRepository.epoch + 86_400) * 1000)

  func now() -> Timestamp {
    let begin = LeapingClock.begin
    let passed = Timestamp(
      milliseconds: LeapingClock.epoch.milliseconds + Int64((Recorder.nanoseconds() - begin) / 1_000_000))
    return passed.adding(seconds: leaps * RemoteContact.restSeconds)
  }

  /// Lets as much time pass as a clone waits for a server that it could not reach.
  func leap() { leaps += 1 }
}
