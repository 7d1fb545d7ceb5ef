import CanonicalJSON
import Draws
import Gate
import Git
import Ledger
import Migration
import Plans
import Supervision
import Support
import System
import Testing

@testable import Guarding
@testable import Runner
@testable import Site

/// Random bytes in every text that comes from outside, seed by seed. `make fuzz` does it for longer:
/// `MIGRATE_FUZZ_SECONDS` in all, from the seed `MIGRATE_SEED` on.
@Suite("Random bytes", .serialized)
struct FuzzTests {
  private static let seconds = number("MIGRATE_FUZZ_SECONDS") ?? 6
  private static let first = UInt64(number("MIGRATE_SEED") ?? 1)

  private static func number(_ name: String) -> Int? {
    ChildEnvironment.current()[name].flatMap { Int($0) }
  }

  /// Draws one seed after the other until its share of the time is over; at least three.
  private func forEachSeed(_ what: String, _ body: (inout FuzzBytes, UInt64) throws -> Void) rethrows {
    let end = ContinuousClock.now + .milliseconds(FuzzTests.seconds * 1000 / 6)
    var seed = FuzzTests.first
    while ContinuousClock.now < end || seed < FuzzTests.first + 3 {
      var bytes = FuzzBytes(seed: seed)
      try body(&bytes, seed)
      seed += 1
    }
    print("\(what): seeds \(FuzzTests.first) to \(seed - 1)")
  }

  @Test("in every text of an event: its entry is read back as it was written, and prints as one clean line")
  func entries() throws {
    try forEachSeed("entries") { bytes, seed in
      for change in FuzzChanges.all(&bytes) {
        let event = Event(
          migration: "mig", at: Timestamp(milliseconds: 1), by: NameText.spelled(bytes.text()),
          change: change.mappingTexts(NameText.spelled))
        let entry = Entry(sequence: 1, nonce: String(repeating: "0f", count: 16), event: event)
        let line = entry.json.canonicalBytes
        #expect(String(validating: line, as: UTF8.self) != nil, "seed \(seed)")
        if line.count <= Entry.maximumBytes {
          let found = try read(line)
          #expect(found.event.change == event.change, "seed \(seed)")
        }
        #expect(FuzzBytes.isClean(event.sentence, lines: false), "seed \(seed): \(event.sentence)")
      }
    }
  }

  @Test("in an entry: it is refused, or is the one entry that those bytes are")
  func damagedEntries() {
    forEachSeed("damaged entries") { bytes, seed in
      for change in FuzzChanges.all(&bytes) {
        let event = Event(migration: "mig", at: Timestamp(milliseconds: 1), by: "ann", change: change)
        let entry = Entry(sequence: 1, nonce: String(repeating: "0f", count: 16), event: event)
        let line = bytes.damaged(entry.json.canonicalBytes)
        if let found = try? read(line) { #expect(found.json.canonicalBytes == line, "seed \(seed)") }
      }
    }
  }

  private func read(_ line: [UInt8]) throws(EntryFault) -> Entry {
    try Entry(line: line) { (_, _) throws(JSONFault) in Plan(migration: "mig") }
  }

  @Test("in a program's output: it is judged by how the program ended, and what is told of it is clean")
  func outputs() {
    let known = [
      "FAILED tests/test_a.py::test_b - assert 1 == 2\n", "1 passed, 1 failed in 0.1s\n", "not ok 1 - x\n",
      "--- FAIL: TestX (0.00s)\n", "test a::b ... FAILED\n", "error[E0308]: x\n  --> src/a.rs:1:1\n",
      "src/a.swift:1:1: error: x\n", "✘ Test \"x\" failed after 1 s\n", "Tests run: 1, Failures: 1\n",
    ].map { Array($0.utf8) }
    forEachSeed("outputs") { bytes, seed in
      let output = bytes.damaged(known[bytes.chance.below(known.count)] + bytes.raw()) + bytes.raw()
      for status in [ExitStatus.exited(0), .exited(1), .exited(127), .signalled(11), .timedOut] {
        let found = judge(kind: .test, status: status, output: output, timeoutSeconds: 1)
        #expect(found.verdict != .passed || status == .exited(0), "seed \(seed)")
        #expect(FuzzBytes.isClean(found.reason, lines: false), "seed \(seed): \(found.reason)")
        #expect(FuzzBytes.isClean(found.headline, lines: false), "seed \(seed): \(found.headline)")
      }
      #expect(FuzzBytes.isClean(TerminalText.sanitized(output), lines: true), "seed \(seed)")
    }
  }

  @Test("in names, plans, templates and what git tells a hook: nothing traps, and names come back")
  func readers() {
    let plan = Array(
      "---\nmigration: mig\ngate: none\nsteps:\n  - id: A\n    run: echo {{step.id}}\n---\nDo it.\n".utf8)
    let line = Array(
      "\(String(repeating: "0", count: 40)) \(String(repeating: "1", count: 40)) refs/heads/x\n".utf8)
    forEachSeed("readers") { bytes, seed in
      let raw = bytes.raw()
      #expect(PathText.bytes(PathText.string(raw)) == raw, "seed \(seed)")
      #expect(NameText.isText(NameText.spelled(PathText.string(raw))), "seed \(seed)")
      do throws(PlanFault) { _ = try PlanFile.parse(bytes.damaged(plan), path: "plan.md") } catch {
        #expect(FuzzBytes.isClean(error.message, lines: false), "seed \(seed): \(error.message)")
      }
      if let template = try? Template(parsing: "{{a}} " + bytes.text()) {
        _ = try? template.render(.map(["a": .text(bytes.text())]))
      }
      _ = try? RefUpdate.read(transaction: bytes.damaged(line))
      _ = try? RefUpdate.read(push: bytes.damaged(line))
      _ = try? JSON.parse(bytes.damaged(Array(#"{"result":"no-op","reason":"x"}"#.utf8)))
      _ = MachineReadings.pressure(String(decoding: raw, as: UTF8.self))
    }
  }

  @Test("from workers, verifiers and agents: the run ends, the ledger is whole, and nothing odd is printed")
  func runs() throws {
    try forEachSeed("runs") { bytes, seed in
      let world = try FuzzRun(&bytes)
      let start = try world.start()
      #expect(FuzzBytes.isClean(start.out + start.err, lines: true), "seed \(seed): \(start)")
      // A title that no plan may have.
      guard start.code == 0 else { return #expect(start.code == 128, "seed \(seed): \(start)") }
      for words in [["run"], ["status"], ["status", "--json"], ["show", "A"], ["log"], ["fsck"]] {
        let run = try world.migrate(words)
        let isFine = run.code == 0 || words == ["run"] && run.code == 1
        #expect(isFine, "seed \(seed), \(words): \(run)")
        #expect(FuzzBytes.isClean(run.out + run.err, lines: true), "seed \(seed), \(words): \(run)")
      }
    }
  }
}

/// A draw of bytes: good text, broken text, and what has done harm before.
struct FuzzBytes {
  var chance: Chance

  init(seed: UInt64) { chance = Chance(seed: seed) }

  private static let pieces: [[UInt8]] =
    [
      "\u{10FE80}", "\u{10FEFF}", "\u{0}", "\u{7F}", "\u{85}", "\u{2028}", "\u{202E}", "\u{FEFF}",
      "\u{E0001}",
      "\u{1F469}\u{200D}\u{1F680}", "e\u{301}", "\r\n", "\n\n", "\"", "\\", "\\366", "\t", "{\"v\":1}",
      "\"nonce\":\"", "\u{1B}[2J", "\u{1B}]0;x\u{7}", "ö", " ", "'", "{{", "}}", "refs/heads/", "$(x)", "../",
      "{\"type\":\"result\",\"is_error\":true}", "{\"type\":\"result\",\"subtype\":\"error_max_turns\"}",
      "{\"terminal_reason\":\"api_error\"}", "[[[[[[[[", "-9223372036854775809", "1e999",
    ].map { Array($0.utf8) } + [
      [0xFF], [0xC3], [0xED, 0xA0, 0x80], [0xF4, 0x8F, 0xBA, 0x80], [0xC0, 0x80],
    ]

  /// Some bytes.
  mutating func raw() -> [UInt8] {
    (0..<chance.below(9)).flatMap { _ -> [UInt8] in
      switch chance.below(3) {
      case 0: (0..<chance.below(12)).map { _ in UInt8(truncatingIfNeeded: chance.next()) }
      case 1: Array("word ".utf8)
      default: FuzzBytes.pieces[chance.below(FuzzBytes.pieces.count)]
      }
    }
  }

  /// The same as text, in one of the two ways that bytes become text here.
  mutating func text() -> String {
    let bytes = raw()
    return chance.once(in: 2) ? PathText.string(bytes) : String(decoding: bytes, as: UTF8.self)
  }

  /// Bytes in which something was changed, taken out or put in.
  mutating func damaged(_ bytes: [UInt8]) -> [UInt8] {
    var result = bytes
    for _ in 0...chance.below(4) where !result.isEmpty {
      let place = chance.below(result.count)
      switch chance.below(4) {
      case 0: result[place] = UInt8(truncatingIfNeeded: chance.next())
      case 1: result.removeSubrange(place..<min(result.count, place + 1 + chance.below(20)))
      case 2: result.insert(contentsOf: raw(), at: place)
      default: result.insert(contentsOf: result[place..<min(result.count, place + 40)], at: place)
      }
    }
    return result
  }

  /// Whether a text can be printed: no control, no reversed or invisible text, no byte in disguise.
  static func isClean(_ text: String, lines: Bool) -> Bool {
    text.unicodeScalars.allSatisfy { scalar in
      switch scalar.value {
      case 0x0A, 0x09: lines
      case 0x00...0x1F, 0x7F...0x9F, 0x061C, 0x200B, 0x200E, 0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF,
        0xFFF9...0xFFFB, 0xE0000...0xE007F, 0x10FE80...0x10FEFF:
        false
      default: true
      }
    }
  }
}

/// Events with random texts.
enum FuzzChanges {
  static func all(_ bytes: inout FuzzBytes) -> [Migration.Change] {
    let fence = Fence(step: bytes.text(), epoch: 1)
    let failure = Migration.Failure(
      kind: .worker, reason: bytes.text(), details: [bytes.text(), bytes.text()])
    let owner = Owner(machine: bytes.text(), boot: bytes.text(), pid: 1, startTicks: 1)
    return [
      .migrationPaused(reason: bytes.text()), .migrationAborted(reason: bytes.text()),
      .refreshAbandoned(evidence: .holderDead(owner), reason: bytes.text()),
      .baselineClaimed(
        BaselineClaim(
          run: 1, tree: .zero, verifiers: bytes.text(), holder: bytes.text(), owner: owner,
          expiresAt: Timestamp(milliseconds: 1))),
      .baselineRecorded(
        Baseline(
          tree: .zero, verifiers: bytes.text(), verdict: .failed, reason: bytes.text(),
          details: [bytes.text()],
          kept: [bytes.text()])),
      .stepClaimed(
        Claim(
          fence: fence, holder: bytes.text(), owner: owner, base: .zero,
          expiresAt: Timestamp(milliseconds: 1),
          slot: bytes.text())),
      .stepReleased(fence, forced: true, reason: bytes.text()), .attemptFailed(fence, failure),
      .stepSubmitted(
        fence, Submission.Result(commit: .zero, tree: .zero, isNoOp: false, left: [bytes.text()])),
      .gateFinished(
        fence,
        GateReport(
          gate: 1, tree: .zero, verifiers: bytes.text(), verdict: .failed, failure: failure,
          isNoChange: false,
          kept: [bytes.text()])),
      .mergeAbandoned(fence, evidence: .holder, reason: bytes.text()),
      .stepAdded(StepAddition(step: bytes.text(), base: .zero, paths: [bytes.text()])),
      .stepRetried(step: bytes.text(), reason: bytes.text()), .stepSkipped(step: "S", reason: bytes.text()),
    ]
  }
}

/// A migration whose codemod, agent and verifier print, write and name what was drawn.
private final class FuzzRun {
  private let repository: TestRepository
  private let plan: String

  init(_ bytes: inout FuzzBytes) throws {
    repository = try TestRepository()
    plan = repository.root + "/plan.md"
    for step in ["A", "B", "verify"] {
      for file in ["out", "err", "result"] { try write("\(step).\(file)", bytes.raw()) }
      let json = bytes.damaged(
        Array("{\"reason\":\"x\",\"result\":\"\(bytes.chance.once(in: 2) ? "no-op" : "failed")\"}".utf8))
      if bytes.chance.once(in: 3) { try write("\(step).result", json) }
      let name = bytes.raw().filter { $0 != 0 && $0 != UInt8(ascii: "/") }.prefix(60)
      try write("\(step).name", [UInt8(ascii: "n")] + name)
      try write("\(step).code", Array("\(bytes.chance.once(in: 2) ? 0 : 1 + bytes.chance.below(127))".utf8))
    }
    let work = """
      cd "$PWD" && d='\(repository.root)'; s=$1
      cat "$d/$s.out"; cat "$d/$s.err" >&2
      [ "$s" = verify ] || { echo x > "$(cat "$d/$s.name")"; cp "$d/$s.result" "$MIGRATE_RESULT_FILE"; }
      exit "$(cat "$d/$s.code")"
      """
    try write("work.sh", Array(work.utf8))
    let title = JSON.string(String(decoding: bytes.raw(), as: UTF8.self)).canonical
    let adapter = bytes.chance.once(in: 2) ? "claude" : "codex"
    let text = """
      ---
      migration: mig
      attempts: 2
      backoff: 0s
      agent: { adapter: \(adapter), command: "sh '\(repository.root)/work.sh' B" }
      gate:
        verifiers:
          - name: test
            kind: \(bytes.chance.once(in: 2) ? "test" : "lint")
            run: "[ ! -e x ] || sh '\(repository.root)/work.sh' verify"
        guards: [scope, secrets]
      steps:
        - { id: A, title: \(title), paths: ["x*"], run: "touch x; sh '\(repository.root)/work.sh' A" }
        - { id: B, title: b }
      ---
      Do {{step.title}}.{{#attempt.failures}} Failed: {{.}}{{/attempt.failures}}

      """
    try write("plan.md", Array(text.utf8))
  }

  private func write(_ name: String, _ bytes: [UInt8]) throws {
    try Files.writeAtomically(repository.root + "/" + name, bytes)
  }

  func start() throws -> TestRun { try migrate(["start", plan]) }
  func migrate(_ words: [String]) throws -> TestRun { try repository.run(TestBinary.path, words) }
}
