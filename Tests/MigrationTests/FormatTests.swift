import CanonicalJSON
import Testing

@testable import Migration

/// Version 2 of the format: what it knows is read and written strictly, and what no rule gives a meaning is
/// refused.
@Suite struct FormatTests {
  private static let nonce = String(repeating: "0f", count: 16)

  private func example(_ shape: Shape) -> JSON {
    switch shape {
    case .runs: .array([VerifierRun(verifier: "x", runner: "pytest", executed: 7).json])
    case .text: .string("x")
    case .counter, .amount, .time: .integer(7)
    case .flag: .bool(true)
    case .object: .string(oid(1).hex)
    case .digest: .string(String(repeating: "a", count: 64))
    case .owner: process(7).json
    case .texts: .array([.string("x")])
    case .words: .object([JSON.Member("a", .string("b"))])
    }
  }

  private func entry(_ change: Change, version: Int = 2, reserved: [JSON.Member] = []) -> Entry {
    Entry(
      sequence: 9, nonce: Self.nonce,
      event: Event(
        migration: "*", at: Timestamp(milliseconds: 5), by: "ann", change: change, version: version,
        reserved: reserved))
  }

  private func read(_ entry: Entry) throws(EntryFault) -> Entry {
    try Entry(line: entry.json.canonicalBytes) { (_, _) throws(JSONFault) in Plan(migration: "mig") }
  }

  @Test(arguments: ReservedKind.allCases) func aReservedKindIsReadWrittenAndRefused(kind: ReservedKind) throws
  {
    let full = kind.forms.map { JSON.Member($0.name, example($0.shape)) }
    let needed = kind.forms.filter { !$0.isOptional }.map { JSON.Member($0.name, example($0.shape)) }
    for members in [full, needed] {
      let entry = entry(.reserved(Reserved(kind, members)))
      #expect(try read(entry) == entry)
      #expect(!entry.event.sentence.isEmpty && entry.event.change.kindName == kind.rawValue)
      var state = State()
      let refusal = #expect(throws: Refusal.self) { try state.apply(entry.event) }
      #expect(refusal?.message.contains("reserved") == true)
    }
    #expect(Set(kind.forms.map(\.name)).count == kind.forms.count, "a member stands twice")
    for index in needed.indices {
      var less = needed
      less.remove(at: index)
      #expect(throws: EntryFault.self) { try read(entry(.reserved(Reserved(kind, less)))) }
      var other = needed
      other[index].value = .null
      #expect(throws: EntryFault.self) { try read(entry(.reserved(Reserved(kind, other)))) }
    }
    let more = needed + [JSON.Member("zzz", .string("x"))]
    #expect(throws: EntryFault.self) { try read(entry(.reserved(Reserved(kind, more)))) }
    #expect(throws: EntryFault.self, "version 1 does not know it") {
      try read(entry(.reserved(Reserved(kind, needed)), version: 1))
    }
  }

  @Test func noTwoKindsHaveOneWord() {
    let words = ReservedKind.allCases.map(\.rawValue) + Change.Kind.allCases.map(\.rawValue)
    #expect(Set(words).count == words.count)
  }

  @Test func aReservedMemberIsKeptAndRefused() throws {
    let change = Change.stepClaimed(
      Claim(
        fence: Fence(step: "A", epoch: 1), holder: "w", owner: process(1), base: oid(1),
        expiresAt: Timestamp(milliseconds: 900), slot: nil))
    let target = JSON.Member("target", .string("repository"))
    let entry = entry(change, reserved: [target])
    #expect(try read(entry) == entry)
    var state = State()
    let refusal = #expect(throws: Refusal.self) { try state.apply(entry.event) }
    #expect(refusal?.message.contains("'target' is reserved") == true)
    #expect(throws: EntryFault.self) { try read(self.entry(change, version: 1, reserved: [target])) }
  }

  @Test func reservedMembersHaveNamesOfTheirOwn() throws {
    for change in EntryTests.changes {
      let taken = Set(try #require(JSON.parse(EntryTests.line(change)).names))
      for form in ReservedMembers.forms(change.kind) {
        #expect(!taken.contains(form.name), "'\(form.name)' stands twice in '\(change.kindName)'")
      }
    }
  }

  @Test func factsAreReadInWhateverOrderTheyWereTold() throws {
    let state = Story(chain: "A", "B").state
    for change in EntryTests.changes {
      let facts = Facts.forms(change.kind).map { JSON.Member($0.name, example($0.shape)) }
      for told in [facts, facts.reversed()] {
        let event = Event(
          migration: "mig", at: Timestamp(milliseconds: 5), by: "ann", change: change, reserved: told
        ).written(in: state)
        guard event.version >= 2 else { continue }
        let entry = Entry(sequence: 9, nonce: Self.nonce, event: event)
        let again = try Entry(line: entry.json.canonicalBytes) { (_, _) throws(JSONFault) in
          change.plan ?? Plan(migration: "mig")
        }
        #expect(again == entry, "\(change.kindName)")
        #expect(Set(event.reserved.map(\.key)).isSuperset(of: facts.map(\.key)), "\(change.kindName)")
      }
    }
  }

  @Test func everyFailureHasItsCauseFromVersionTwoOn() throws {
    let story = Story(chain: "A", "B")
    story.claim("A")
    let failure = Failure(kind: .gate, reason: "r", details: ["tests/a.py:12: A broke at 0xdeadbeef1"])
    let event = Event(
      migration: "mig", at: story.now, by: "w1", change: .attemptFailed(story.fence("A"), failure)
    ).written(in: story.state)
    #expect(event.reserved.map(\.key) == ["cause"])
    #expect(
      try read(Entry(sequence: 9, nonce: Self.nonce, event: event)).event == event, "and it is read back")
  }

  @Test func whatVerifiersToldIsFoldedFromVersionTwoOn() throws {
    let story = Story(chain: "A")
    let runs = [
      VerifierRun(
        verifier: "test", runner: "pytest", executed: 12, skipped: 1,
        tests: String(repeating: "a", count: 64), log: String(repeating: "b", count: 64))
    ]
    let baseline = Baseline(
      tree: oid(5), verifiers: story.current.gateDigest, verdict: .passed, reason: "passed", run: 1)
    story.now = story.now.adding(seconds: 1)
    _ = try story.state.apply(
      Event(
        migration: "mig", at: story.now, by: "w1",
        change: .baselineClaimed(
          BaselineClaim(
            run: 1, tree: oid(5), verifiers: story.current.gateDigest, holder: "w1", owner: process(1),
            expiresAt: story.now.adding(seconds: 600)))
      ).written(in: story.state))
    let event = Event(
      migration: "mig", at: story.now, by: "w1", change: .baselineRecorded(baseline),
      reserved: VerdictFacts.members(runs)
    ).written(in: story.state)
    let entry = Entry(sequence: 9, nonce: Self.nonce, event: event)
    #expect(try read(entry) == entry && event.runs == runs)
    _ = try story.state.apply(event)
    let digest = story.current.gateDigest
    #expect(story.current.verdict(tree: oid(5), verifiers: digest)?.runs == runs)
    #expect(story.state.testLists == [String(repeating: "a", count: 64)])
    let plan = story.current.plan
    let again = try State(json: story.state.json) { (_, _) throws(JSONFault) in plan }
    #expect(again == story.state, "and the checkpoint keeps it")
    #expect(throws: EntryFault.self) {
      try read(
        self.entry(.baselineRecorded(baseline), reserved: [JSON.Member("runs", .array([.string("x")]))]))
    }
    #expect(VerdictFacts.members([]).isEmpty)
  }

  @Test func aCauseLeavesOutPathsNumbersAndTheStepsOwnNames() {
    func plain(_ text: String, _ step: String) -> String {
      Fingerprint.plain(text, step: PlannedStep(id: step))
    }
    #expect(plain("tests/a.py:12: A-1 broke at deadbeef1", "A-1") == "PATH STEP broke at HEX")
    #expect(
      plain("No module named 'six' in pkg-a after 12 s", "pkg-a")
        == plain("No module named 'six' in pkg-b after 9 s", "pkg-b"))
    #expect(plain("No module named 'six'", "x") != plain("No module named 'attr'", "x"))
    #expect(plain("assertion failed in 'a'", "a") == plain("assertion failed in 'b'", "b"))
    #expect(plain("pkg-a-b and pkg-a: pkg-a.", "pkg-a") == "pkg-a-b and STEP: STEP.")
    #expect(plain("a", "") == "a")
  }

  @Test func whatTwoVerifiersSayInTheSameWordsHasTwoCauses() {
    func cause(_ reason: String) -> String {
      Fingerprint.of(Failure(kind: .gate, reason: reason, details: ["it broke"]), step: nil)
    }
    #expect(cause("unit: 1 test failed") == cause("unit: 2 tests failed"))
    #expect(cause("unit: 1 test failed") != cause("lint: 1 test failed"))
  }

  @Test func aFailingBaseHasItsCauseToo() throws {
    let story = Story(chain: "A")
    func written(_ verdict: Verdict) -> Event {
      let found = Baseline(tree: oid(50), verifiers: "d", verdict: verdict, reason: "test: 1 test failed")
      return Event(migration: "mig", at: story.now, by: "w1", change: .baselineRecorded(found))
        .written(in: story.state)
    }
    #expect(written(.failed).reserved.map(\.key) == ["cause"])
    #expect(written(.passed).reserved.isEmpty)
    let entry = Entry(sequence: 9, nonce: Self.nonce, event: written(.failed))
    #expect(try read(entry) == entry)
  }
}

extension JSON {
  fileprivate var names: [String]? { if case .object(let members) = self { members.map(\.key) } else { nil } }
}
