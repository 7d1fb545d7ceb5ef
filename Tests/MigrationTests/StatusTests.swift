import CanonicalJSON
import Migration
import Testing

@Suite struct StatusTests {
  /// One step in every state.
  static var story: Story {
    let steps = [
      PlannedStep(id: "S1", title: "Route logging through the facade"),
      PlannedStep(id: "S2", title: "Drop the <old> import | now", needs: ["S1"]),
      PlannedStep(id: "S3", title: "Leased"), PlannedStep(id: "S4", title: "Submitted"),
      PlannedStep(id: "S5", title: "Gating"), PlannedStep(id: "S6", title: "Backoff"),
      PlannedStep(id: "S7", title: "Blocked"), PlannedStep(id: "S8", title: "Held", needs: ["S7"]),
      PlannedStep(id: "S9", title: "Held farther away", needs: ["S1", "S8"]),
      PlannedStep(id: "S10", title: "Skipped"), PlannedStep(id: "S11", title: "Waits", needs: ["S3", "S4"]),
      PlannedStep(id: "S12", title: "Résumé 日本語 tab\there \u{1B}[31m\u{202E}"),
    ]
    let story = Story(.sample(steps))
    story.complete("S1")
    for _ in 1...3 {
      story.claim("S7")
      story.fail("S7", .noChange)
      story.wait(60)
    }
    story.skip("S10")
    story.claim("S4")
    story.submit("S4")
    story.claim("S5")
    story.submit("S5")
    story.gate("S5")
    story.claim("S6")
    story.fail("S6")
    story.claim("S3", by: "worker-3\u{1B}]8;;http://x\u{7}")
    return story
  }

  static func report(after seconds: Int = 0) -> StatusReport {
    StatusReport(
      story.state, sequence: story.events.count, now: story.now.adding(seconds: seconds), only: nil)
  }

  @Test func jsonKeepsItsPromise() throws {
    let json = Self.report().json
    Transcript.check("status-json", [json.canonical])
    guard case .array(let migrations)? = json["migrations"], case .array(let steps)? = migrations[0]["steps"]
    else {
      Issue.record("the shape changed")
      return
    }
    for step in steps {
      for key in [
        "id", "title", "state", "attempts", "epoch", "holder", "holder_dead", "expires_at", "needs", "commit",
        "reason",
      ] {
        #expect(step[key] != nil, "\(key)")
      }
      guard case .string(let word)? = step["state"] else { continue }
      #expect(StepWord.allCases.map(\.rawValue).contains(word))
    }
    for word in StepWord.allCases.map(\.rawValue) + ["total"] {
      #expect(migrations[0]["counts"]?[word] != nil)
    }
    for key in ["name", "state", "into", "steps", "counts"] { #expect(migrations[0][key] != nil) }
  }

  @Test func printableJSONIsTheSameValue() throws {
    let value = JSON.string("a\u{9B}\u{202E}\u{E0041}\u{1F600}\u{7}")
    #expect(value.printable == #""a\u009b\u202e\udb40\udc41😀\u0007""#)
    #expect(try JSON.parse(value.printable) == value)
  }

  @Test func bytesOfTheReportAreThoseOfItsValue() {
    #expect(Self.report().printableBytes == Self.report().json.printableBytes)
  }

  @Test func scriptsAreToldHowFreshASharedPictureIs() throws {
    var report = Self.report()
    #expect(report.json["shared"] == .null)
    #expect(!report.porcelain().contains("# shared"))
    report.shared = SharedPicture(remote: "origin", asOf: Timestamp(milliseconds: 1_500), waiting: 2)
    #expect(try report.json["shared"] == JSON.parse(#"{"as_of":1,"remote":"origin","waiting":2}"#))
    #expect(report.json.printableBytes == report.printableBytes)
    #expect(report.porcelain().contains("\n# shared 1 2 origin\n"))
    report.shared?.asOf = nil
    #expect(report.porcelain(zeroTerminated: true).contains("\0# shared - 2 origin\0"))
  }

  @Test func aDeadHolderIsTold() {
    let story = Self.story
    let report = StatusReport(
      story.state, sequence: 1, now: story.now, isDead: { $0 == process(7, on: "m1") })
    let dead = report.migrations[0].steps.filter(\.isHolderDead).map(\.id)
    #expect(dead == ["S3"], "the judge of S5 lives")
    let text = StatusText(report, width: 0, colour: false).text
    let line = text.split(separator: "\n").first { $0.hasPrefix("  S3 ") } ?? ""
    #expect(line.hasSuffix(", holder is dead)"), "\(line)")
    #expect(report.json.printableBytes == report.printableBytes)
  }

  @Test func onlyTheTitleIsCut() {
    let id = "a-step-with-a-name-of-more-than-24-characters"
    let title = String(repeating: "title ", count: 20)
    let story = Story(
      .sample([
        PlannedStep(id: "S1", title: title), PlannedStep(id: id, title: title, needs: ["S1"]),
        PlannedStep(id: "C", title: title, needs: ["S1", id]),
      ]))
    story.complete("S1")
    let report = StatusReport(story.state, sequence: 1, now: story.now)
    for width in [60, 80, 100] {
      let lines = StatusText(report, width: width, colour: false).text.split(separator: "\n").map(String.init)
      #expect(lines.allSatisfy { $0.count <= width }, "\(lines)")
      if case .merged(let commit?) = story.step("S1").phase {
        let line = lines.first { $0.hasPrefix("  S1 ") } ?? ""
        #expect(line.hasSuffix("(\(commit.short))"), "\(lines)")
      }
      let graph = GraphText(story.current, now: story.now).text(width: width)
        .split(separator: "\n").map(String.init)
      #expect(graph.allSatisfy { $0.count <= width }, "\(graph)")
      #expect(graph.contains { $0.hasPrefix("S1") && $0.hasSuffix("[merged]") }, "\(graph)")
    }
    // Where nothing is cut, the columns stand below each other whatever the ids are.
    let lines = StatusText(report, width: 0, colour: false).text.split(separator: "\n").dropFirst(3)
    let states = lines.map { line in
      ["merged ", "ready ", "waiting "].compactMap { line.firstRange(of: $0) }
        .map { line.distance(from: line.startIndex, to: $0.lowerBound) }.min() ?? -1
    }
    #expect(Set(states).count == 1, "\(states)")
  }

  @Test func restIsOver() {
    func state(_ seconds: Int) -> String? {
      Self.report(after: seconds).migrations[0].steps.first { $0.id == "S6" }?.state
    }
    #expect(state(0) == "backoff")
    #expect(state(8) == "backoff")
    #expect(state(9) == "ready")
  }

  @Test func aRestThatIsOverWithAnOpenNeedWaits() {
    let story = Story(.sample([PlannedStep(id: "S1"), PlannedStep(id: "S2")]))
    story.claim("S2")
    story.fail("S2")
    story.amend(.sample([PlannedStep(id: "S1"), PlannedStep(id: "S2", needs: ["S1"])]))
    story.wait(60)
    let step = StatusReport(story.state, sequence: 5, now: story.now).migrations[0].steps[1]
    #expect(step.state == "waiting")
    #expect(step.recordedWord == .backoff)
    #expect(step.reason == "waits for S1")
  }

  @Test func onlyOneMigration() {
    #expect(
      StatusReport(Self.story.state, sequence: 1, now: Self.story.now, only: "mig").migrations.count == 1)
    #expect(
      StatusReport(Self.story.state, sequence: 1, now: Self.story.now, only: "other").migrations.isEmpty)
  }

  @Test func textsAreRecorded() {
    Transcript.check("status-text", [StatusText(Self.report(), width: 100, colour: false).text])
    Transcript.check("status-porcelain", [Self.report().porcelain()])
    Transcript.check("status-markdown", [Self.report().markdown(atCheckpoint: false)])
    Transcript.check("status-checkpoint", [Self.report().markdown(atCheckpoint: true)])
  }

  @Test func aCheckpointDoesNotDependOnTheTimeOfReading() {
    let now = Self.report().markdown(atCheckpoint: true)
    #expect(Self.report(after: 100_000).markdown(atCheckpoint: true) == now)
    #expect(
      Self.report(after: 100_000).markdown(atCheckpoint: false) != Self.report().markdown(atCheckpoint: false)
    )
  }

  @Test func nothingUnsafeReachesATerminal() {
    for text in [
      StatusText(Self.report(), width: 0, colour: false).text, Self.report().porcelain(),
      Self.report().markdown(atCheckpoint: false), Self.report().json.printable,
      GraphText(Self.story.current, now: Self.story.now).text(),
      GraphText(Self.story.current, now: Self.story.now).dot,
      GraphText(Self.story.current, now: Self.story.now).mermaid,
    ] {
      for scalar in text.unicodeScalars {
        #expect(
          scalar == "\n" || scalar == "\t" || (scalar.value >= 0x20 && !(0x7F...0x9F).contains(scalar.value)))
        #expect(!(0x202A...0x202E).contains(scalar.value))
      }
    }
  }

  @Test func porcelainHasElevenFields() {
    let lines = Self.report().porcelain().split(separator: "\n")
    let records = lines.filter { !$0.hasPrefix("#") }
    #expect(records.count == 12)
    for record in records {
      #expect(record.split(separator: "\t", omittingEmptySubsequences: false).count == 11)
    }
    let zero = Self.report().porcelain(zeroTerminated: true)
    let parts = zero.utf8.split(separator: 0)
    #expect(parts.count == lines.count)
    #expect(zero.contains("tab\there \u{1B}[31m\u{202E}\0"))
    #expect(!zero.contains("\n"))
  }

  @Test func linesFitTheTerminal() {
    for width in [20, 40, 80] {
      let text = StatusText(Self.report(), width: width, colour: false).text
      for line in text.split(separator: "\n") { #expect(line.count <= width) }
      let coloured = StatusText(Self.report(), width: width, colour: true).text
      let plain = coloured.replacing(/\u{1B}\[[0-9]*m/, with: "")
      #expect(plain == text)
    }
  }

  @Test func aLongListShowsWhatMatters() {
    let story = Story(.sample((1...100).map { PlannedStep(id: "S\($0)", needs: $0 > 60 ? ["S1"] : []) }))
    story.claim("S50")
    story.claim("S49")
    story.fail("S49")
    let report = StatusReport(story.state, sequence: 4, now: story.now)
    let lines = StatusText(report, width: 100, colour: false).text.split(separator: "\n")
    Transcript.check("status-long", lines.map(String.init))
    #expect(
      StatusText(report, width: 100, colour: false, showsAll: true).text.split(separator: "\n").count == 101)
  }

  @Test func graphs() {
    let graph = GraphText(Self.story.current, now: Self.story.now)
    Transcript.check("graph-text", [graph.text()])
    Transcript.check("graph-dot", [graph.dot])
    Transcript.check("graph-mermaid", [graph.mermaid])
    let plan = Plan.sample([
      PlannedStep(id: "end", title: "A \"quoted\" \\ title"), PlannedStep(id: "b", needs: ["end"]),
    ])
    Transcript.check("graph-plan", [GraphText(plan).text(), GraphText(plan).dot, GraphText(plan).mermaid])
  }
}
