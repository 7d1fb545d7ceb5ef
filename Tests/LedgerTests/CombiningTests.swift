import Git
import Migration
import Support
import System
import Testing

@testable import Ledger

/// Clones that are too late leave their entries where others take them along (FLEET 2.4).
@Suite("Combining pushes")
struct CombiningTests {
  @Test func `what was too late goes along with what comes next, once`() throws {
    let pair = try RivalClones()
    pair.overtake()
    pair.staged.after[2] = {
      #expect(try pair.inbox().count == 1)
      _ = try pair.second.synchronize()
      #expect(try pair.claim("S3", by: "b", pair.second).isWon)
    }
    let outcome = try pair.claim("S2", by: "a", pair.first)
    guard case .won(let snapshot, _) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(pair.staged.pushes == 2, "one that was too late, and one that left it there")
    #expect(try pair.count("S2 claimed by a") == 1)
    #expect(try pair.world.sentences().last?.contains("S2 claimed by a") == true, "behind who took it along")
    #expect(try pair.inbox().isEmpty)
    // What is told is what is there.
    #expect(try snapshot == pair.first.snapshot(at: #require(snapshot.tip)))
    #expect(try pair.first.read() == pair.second.read() || pair.first.read().tip == snapshot.tip)
    #expect(try pair.claim("S4", by: "a", pair.first).isWon)
    _ = try pair.second.synchronize()
    #expect(try pair.first.read() == pair.second.read())
  }

  @Test func `what nobody takes along gets there by itself`() throws {
    let pair = try RivalClones()
    pair.overtake()
    #expect(try pair.claim("S2", by: "a", pair.first).isWon)
    #expect(pair.staged.pushes == 3)
    #expect(try pair.count("S2 claimed by a") == 1)
    #expect(try pair.inbox().isEmpty)
  }

  @Test func `what cannot be any more is taken away by whoever meets it, and decided anew`() throws {
    let pair = try RivalClones()
    pair.overtake()
    pair.staged.after[2] = {
      _ = try pair.second.synchronize()
      #expect(try pair.claim("S2", by: "b", pair.second).isWon)
    }
    let outcome = try pair.claim("S2", by: "a", pair.first)
    #expect(outcome.refusal?.code == .held)
    #expect(try pair.count("S2 claimed") == 1)
    #expect(try pair.inbox().isEmpty)
  }

  @Test func `a server that was killed in the middle has the entries and their ref, and counts them once`()
    throws
  {
    let pair = try RivalClones()
    pair.overtake()
    var left = ""
    pair.staged.after[2] = {
      left = try pair.inbox().first?.split(separator: "\t").last.map(String.init) ?? ""
      let tip = try pair.world.tip(pair.world.server, left)
      _ = try pair.second.synchronize()
      #expect(try pair.claim("S3", by: "b", pair.second).isWon)
      try pair.world.ledgers.repository.git("-C", pair.world.server, "update-ref", left, tip)
    }
    #expect(try pair.claim("S2", by: "a", pair.first).isWon)
    #expect(try pair.inbox().count == 1)
    _ = try pair.second.synchronize()
    #expect(try pair.claim("S4", by: "b", pair.second).isWon)
    #expect(try pair.inbox().isEmpty)
    #expect(try pair.count("S2 claimed") == 1)
    let nonces = try pair.second.reader.entries().map(\.entry.nonce)
    #expect(Set(nonces).count == nonces.count)
  }

  @Test func `who goes ahead takes along what waits, and leaves nothing`() throws {
    let pair = try RivalClones()
    pair.first.contact.crowd.aheadOfSixteen = 16
    pair.overtake()
    #expect(try pair.claim("S2", by: "a", pair.first).isWon)
    #expect(pair.staged.pushes == 2)
    #expect(try pair.count("S2 claimed by a") == 1)
  }

  @Test func `a server that lets nothing be left there is asked again and again`() throws {
    let pair = try RivalClones()
    try pair.letServerSay("case $1 in refs/migrate/inbox/*) echo no >&2; exit 1 ;; esac")
    pair.overtake()
    #expect(try pair.claim("S2", by: "a", pair.first).isWon)
    #expect(try pair.count("S2 claimed") == 1)
    #expect(pair.first.remote?.takesDrafts == false)
  }

  @Test(arguments: [1, 2, 3])
  func `pushes that are cut off before or after they get there count once`(_ number: Int) throws {
    for isThere in [true, false] {
      let pair = try RivalClones()
      pair.overtake()
      pair.staged.cuts[number] = isThere
      #expect(try pair.claim("S2", by: "a", pair.first).isWon)
      #expect(try pair.count("S2 claimed") == 1)
      #expect(try pair.inbox().isEmpty)
    }
  }

  @Test func `who is never too late looks now and then, and takes along what waits`() throws {
    let pair = try RivalClones(steps: 20)
    pair.overtake()
    var steps = (3...16).map { "S\($0)" }
    pair.staged.after[2] = {
      while !steps.isEmpty, try !pair.inbox().isEmpty {
        #expect(try pair.claim(steps.removeFirst(), by: "b", pair.second).isWon)
      }
    }
    #expect(try pair.claim("S2", by: "a", pair.first).isWon)
    #expect(pair.staged.pushes == 2)
    #expect(steps.count >= 14 - 1 - Crowd.pushesWithoutLook)
  }

  @Test func `processes of one clone wait for each other, and one push brings what all of them want`() throws
  {
    let world = try SharedWorld(steps: 9)
    let path = world.ledgers.repository.path
    let others = Others(gitDirectory: path + "/.git", environment: world.ledgers.repository.environment)
    let slow = try world.writer { StagedRemote($0) }
    let staged = try #require(slow.remote as? StagedRemote)
    var threads: [BackgroundThread] = []
    staged.before[1] = {
      for number in 2...9 {
        threads.append(
          try BackgroundThread { try others.claim("S\(number)") })
      }
      // Until all of them wait in the queue: each has left a draft, or this would never end.
      while try slow.local.waiting().count < 8 { RetryPolicy.pause(microseconds: 1000) }
    }
    #expect(try world.ledgers.claim("S1", by: "p1", through: slow).isWon)
    for thread in threads { try thread.join() }
    #expect(try world.sentences().count { $0.contains("claimed") } == 9)
    #expect(try slow.local.waiting().isEmpty)
    #expect(try world.ledgers.repository.git("-C", path, "rev-parse", Ledger.ref) == world.tip(world.server))
    // The first push was on its way already; one more brought the other eight.
    #expect(try world.pushes() == 2)
  }

  @Test func `what waited lasts as long as it was meant to, from when it is recorded`() {
    let begin = Timestamp(milliseconds: 1_700_000_000_000)
    let fence = Fence(step: "S1", epoch: 1)
    var proposal = Proposal("mig", .leaseRenewed(fence, expiresAt: begin.adding(seconds: 300)))
    #expect(proposal.change(at: begin.adding(seconds: 200)) == proposal.change, "nobody waits for it")
    proposal.decidedAt = begin
    #expect(
      proposal.change(at: begin.adding(seconds: 200))
        == .leaseRenewed(fence, expiresAt: begin.adding(seconds: 500)))
    #expect(proposal.change(at: begin.adding(seconds: -200)) == proposal.change)
  }

  @Test func `a draft of a process that was killed goes along, once`() throws {
    let world = try SharedWorld(steps: 3)
    let dead = try world.writer()
    let shared = try #require(dead.shared)
    let left = try shared.leaveHere(by: "dead") { (snapshot, at) throws(Refusal) in
      [world.ledgers.claim("S1", by: "dead", in: snapshot, at: at)]
    }
    #expect(left?.parcel.proposals.first?.decidedAt != nil, "whoever waits for it gets its whole time")
    for step in ["S2", "S3"] {
      #expect(try world.ledgers.claim(step, by: "a", through: world.writer()).isWon)
    }
    #expect(try world.sentences().count { $0.contains("S1 claimed by dead") } == 1)
    #expect(try dead.local.waiting().isEmpty)
  }
}

/// Processes of a clone, as threads.
private struct Others: Sendable {
  let gitDirectory: String
  let environment: [String: String]

  func claim(_ step: String) throws {
    let repository = try Repository.open(gitDirectory: gitDirectory, environment: environment)
    let ledger = Ledger(repository: repository)
    ledger.remote = try GitRemote(repository, GitProgram(repository))
    let outcome = try ledger.append(by: step) { (seen, at) throws(Refusal) in
      let state = seen.state.migration(named: "mig")
      let claim = Claim(
        fence: Fence(step: step, epoch: (state?.step(step)?.epoch ?? 0) + 1), holder: step,
        owner: Owner(machine: "m", boot: "b", pid: 0, startTicks: 0), base: state?.tip ?? .zero,
        expiresAt: at.adding(seconds: 1200), slot: nil)
      return [Proposal("mig", .stepClaimed(claim))]
    }
    if !outcome.isWon { throw TestFailure("\(step) is not claimed: \(outcome)") }
  }
}

/// How long clones rest because of each other.
@Suite struct CrowdTests {
  private let begin = Timestamp(milliseconds: 1_700_000_000_000)

  @Test func `who was met a moment ago is there, and is forgotten`() {
    var crowd = Crowd()
    #expect(!crowd.isThere(at: begin))
    crowd.meet(0, at: begin)
    #expect(!crowd.isThere(at: begin))
    crowd.meet(3, at: begin)
    #expect(crowd.isThere(at: begin.adding(seconds: 9)))
    #expect(!crowd.isThere(at: begin.adding(seconds: 10)))
    #expect(!crowd.isThere(at: begin.adding(seconds: -100)), "a clock was put back")
    crowd.isAlone()
    #expect(!crowd.isThere(at: begin))
  }

  @Test func `a crowd is so many, or whoever is too late again and again`() {
    var crowd = Crowd()
    #expect(!crowd.isLarge(at: begin, losses: 9), "nobody was met")
    crowd.meet(5, at: begin)
    #expect(!crowd.isLarge(at: begin, losses: 2))
    #expect(crowd.isLarge(at: begin, losses: 3))
    #expect(!crowd.isLarge(at: begin.adding(seconds: 10), losses: 3), "that was a while ago")
    crowd.meet(6, at: begin)
    #expect(crowd.isLarge(at: begin, losses: 0))
  }

  @Test func `a quarter goes ahead`() {
    let digits = "0123456789abcdef".map { String($0) }
    #expect(digits.filter { Crowd().sendsAhead($0 + "f00") } == ["0", "1", "2", "3"])
  }

  @Test func `the rest grows with the crowd and with each loss, up to some seconds`() {
    var crowd = Crowd()
    let alone = crowd.longestRest(beforeTry: 0)
    crowd.meet(15, at: begin)
    #expect(crowd.longestRest(beforeTry: 0) == 16 * alone)
    let rests = (0...8).map { crowd.longestRest(beforeTry: $0) }
    #expect(rests == rests.sorted() && rests.allSatisfy { $0 <= 4_000_000 })
    #expect(crowd.longestRest(beforeTry: 3) >= 2 * crowd.longestRest(beforeTry: 0))
    crowd.took(10_000_000)
    #expect(crowd.longestRest(beforeTry: .max) == 4_000_000)
  }
}
