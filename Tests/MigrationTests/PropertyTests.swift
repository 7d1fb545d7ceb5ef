import CanonicalJSON
import Draws
import Migration
import Testing

/// 200,000 random events over random plans; a failure names the seed that repeats it.
@Suite struct PropertyTests {
  static let storiesPerSeed = 180
  static let eventsPerStory = 200
  /// What these plans have little place for: stages, judges and codemods that hand over are drawn in
  /// `WorkflowTests` and the simulator. What people are told needs two in a row of one author:
  /// `NoticeTests`, and the simulator.
  private static let without: [Change.Kind] = [
    .migration(.started), .ledger(.upgraded), .reserved, .claim(.stageEnded), .claim(.handedOver),
    .gate(.judged), .gate(.waits), .step(.approved), .notice(.raised), .notice(.claimed), .notice(.sent),
    .fleet(.waveOpened), .fleet(.waveStopped),
  ]

  @Test(arguments: 1...8) func invariantsHoldAfterEveryEvent(seed: Int) throws {
    var chance = Chance(seed: UInt64(seed))
    var accepted: [Change.Kind: Int] = [:]
    for number in 0..<Self.storiesPerSeed {
      try live(&chance, "seed \(seed), story \(number)", &accepted)
    }
    // A dull run proves nothing.
    for kind in Change.Kind.allCases where !Self.without.contains(kind) {
      // Only where services judge, a train is open, and its members wait: that is seldom. A claim of the base
      // ends soon.
      let least = kind == .train(.joined) ? 0 : kind == .baseline(.renewed) ? 3 : 5
      #expect(accepted[kind, default: 0] >= least, "seed \(seed): too little of \(kind.rawValue)")
    }
  }

  private func live(_ chance: inout Chance, _ name: String, _ accepted: inout [Change.Kind: Int]) throws {
    var plans = [chance.plan()]
    let story = Story(plans[0], shared: chance.once(in: 5))
    // Each version of the format has the rules that it had.
    if !chance.once(in: 4) { story.tell(.ledgerUpgraded(version: 2), of: FormatVersion.everyMigration) }
    var watch = Watch()
    var state = story.state
    var pages = CheckpointPages()
    for number in 0..<Self.eventsPerStory {
      story.now = story.now.adding(
        seconds: chance.pick([0, 0, 1, 5, 30, 300, chance.once(in: 10) ? 5000 : 1]))
      let isTrain = story.current.train != nil && chance.once(in: 2)
      let author = isTrain ? "gate-1" : chance.pick(["w1", "w1", "w1", "w2", "gate-1"])
      let change = chance.change(in: story)
      var event = Event(
        migration: change.ownName ?? story.migration, at: story.now, by: author, change: change)
      event.version = story.state.version
      let before = story.current
      switch decide(story.state, event) {
      case .refuse(let refusal):
        // In place and as a value, the answer is the same, and a refusal changes nothing.
        #expect(throws: refusal) { try state.apply(event) }
        guard state == story.state else {
          Issue.record("\(name), event \(number): a refusal changed the state: \(event)")
          return
        }
      case .accept(let next, let effects):
        #expect(try state.apply(event) == effects)
        guard state == next else {
          Issue.record("\(name), event \(number): apply and decide differ: \(event)")
          return
        }
        story.state = next
        accepted[event.change.kind, default: 0] += 1
        if let plan = event.change.plan { plans.append(plan) }
        if let fault = watch.fault(event, from: before, to: story.current, effects) {
          Issue.record("\(name), event \(number): \(fault)\n\(event)")
          return
        }
      }
      if chance.once(in: 50), event.change.isKnown(in: event.version) {
        try roundTrip(state, plans, event, name)
      }
      if chance.once(in: 7) { write(&pages, state, number, "\(name), event \(number)") }
    }
    finish(story, name)
  }

  /// Pages that keep the lines of the last ones are those that the state alone gives.
  private func write(_ pages: inout CheckpointPages, _ state: State, _ number: Int, _ name: String) {
    let written = pages.write(state, sequence: number, at: state.at)
    let json = JSON.object([JSON.Member("seq", .integer(Int64(number))), JSON.Member("state", state.json)])
    #expect(written.checkpoint == json.canonicalBytes, "\(name): the checkpoint differs from its JSON")
    let report = StatusReport(state, sequence: number, now: state.at)
    #expect(
      written.status == Array(report.markdown(atCheckpoint: true).utf8),
      "\(name): the status page differs from that of the state")
  }

  /// A checkpoint reads back as the same state, an entry as the same event.
  private func roundTrip(_ state: State, _ plans: [Plan], _ event: Event, _ name: String) throws {
    let bytes = state.json.canonicalBytes
    let read = try State(json: JSON.parse(bytes)) { (_, number) throws(JSONFault) in plans[number - 1] }
    #expect(read == state, "\(name): a checkpoint reads back differently")
    #expect(read.json.canonicalBytes == bytes)
    let entry = Entry(sequence: 7, nonce: String(repeating: "a1", count: 16), event: event)
    guard let plan = event.change.plan else {
      let again = try Entry(line: entry.json.canonicalBytes) { (_, _) throws(JSONFault) in plans[0] }
      #expect(again == entry, "\(name): an entry reads back differently")
      return
    }
    let again = try Entry(line: entry.json.canonicalBytes) { (_, _) throws(JSONFault) in plan }
    #expect(again == entry, "\(name): an entry reads back differently")
  }

  /// I-19: when the faults stop, every step comes to an end or waits for a person.
  private func finish(_ story: Story, _ name: String) {
    if story.current.phase.isTerminal { return }
    if case .paused = story.current.phase { story.tell(.migrationResumed) }
    story.now = story.now.adding(seconds: 8 * 24 * 3600)
    if story.current.refresh != nil { story.tell(.refreshAbandoned(evidence: .timeout, reason: "")) }
    for _ in 0..<200 {
      for step in story.current.steps { advance(step, in: story) }
      if story.current.isStuck { break }
    }
    #expect(story.current.isStuck, "\(name): the migration does not come to an end")
    let blocked = story.current.steps.contains { ["blocked", "person", "proposed"].contains($0.phase.word) }
    let isDone = story.current.steps.allSatisfy { $0.phase.isTerminal }
    let phases = story.current.steps.map { "\($0.id) \($0.phase.word)" }
    #expect(isDone || blocked, "\(name): it stands still and nothing is blocked: \(phases)")
  }

  private func advance(_ step: Step, in story: Story) {
    let id = step.id
    switch step.phase {
    case .ready, .backoff:
      story.now = story.now.adding(seconds: 600)
      story.claim(id, by: "w9", machine: "m9")
    case .leased(let lease):
      if lease.holder == "w9" { story.submit(id, by: "w9") } else { story.expire(id) }
    case .submitted: story.gate(id)
    case .gating(_, let run):
      let fence = Fence(step: id, epoch: step.epoch)
      if story.current.train?.has(fence) == true {
        story.tell(.gateAbandoned(fence, gate: run.start.gate, evidence: .timeout), by: "sweeper")
      } else if run.hasPassed {
        story.intend(id)
      } else {
        story.verdict(id, .passed)
      }
    case .merging: story.merged(id)
    case .waiting, .merged, .blocked, .person, .proposed, .skipped, .cancelled, .undone: break
    }
  }
}

extension Change {
  /// Whether entries of that version speak of such things.
  fileprivate func isKnown(in version: Int) -> Bool {
    switch self {
    case .train, .agent, .machine, .loop, .lesson, .publication, .notice, .forge, .fleet,
      .migration(.budgetRaised):
      version >= 2
    case .migration, .refresh, .baseline, .claim, .gate, .merge, .step, .ledger, .reserved: true
    }
  }
}
