import Migration
import Testing

/// The picture of a run, and how it is kept in its place.
@Suite struct LiveTests {
  private static let frame = ("\u{1B}[?2026h", "\u{1B}[?2026l")

  @Test func `a frame is one write, and what does not differ is none`() {
    var block = LiveBlock()
    #expect(
      block.draw(["one", "two"], columns: 80)
        == "\(Self.frame.0)\rone\u{1B}[K\r\ntwo\u{1B}[J\(Self.frame.1)")
    #expect(block.draw(["one", "two"], columns: 80) == nil)
    #expect(
      block.draw(["one", "2"], columns: 80)
        == "\(Self.frame.0)\r\u{1B}[1Aone\u{1B}[K\r\n2\u{1B}[J\(Self.frame.1)")
    #expect(block.takeAway(columns: 80) == "\r\u{1B}[1A \u{1B}[J\r\u{1B}[K")
    #expect(block.takeAway(columns: 80) == nil)
  }

  @Test func `a terminal that was made narrower has wrapped the lines`() {
    var block = LiveBlock()
    _ = block.draw([String(repeating: "x", count: 99), "\u{1B}[31m日本\u{1B}[0m", "y"], columns: 100)
    // Two rows of 60 for the first, one each for the others.
    #expect(block.takeAway(columns: 60)?.hasPrefix("\r\u{1B}[3A ") == true)
  }

  @Test func `what has ended scrolls away above, in the same write`() {
    var block = LiveBlock()
    _ = block.draw(["a"], columns: 80)
    #expect(
      block.draw(["a"], columns: 80, above: ["done"])
        == "\(Self.frame.0)\rdone\u{1B}[K\r\na\u{1B}[J\(Self.frame.1)")
  }

  @Test func `nothing is erased from the first place of the screen, which would be kept above it`() {
    var block = LiveBlock()
    _ = block.draw(["a", "b"], columns: 80)
    for text in [
      block.draw(["c"], columns: 80), block.draw(["c"], columns: 80, above: ["d"]),
      block.takeAway(columns: 80),
    ] {
      #expect(text?.contains("A\u{1B}[J") == false && text?.contains("\r\u{1B}[J") == false)
    }
  }

  private static var picture: RunPicture {
    let story = StatusTests.story
    var course = Course()
    for event in story.events { course.add(event) }
    let report = StatusReport(
      story.state, sequence: 1, now: story.now, courses: ["mig": course])
    var worker = RunPicture.Worker(subject: "S3", who: "agent")
    (worker.title, worker.since) = ("Leased \u{202E}", story.now.adding(seconds: -72))
    worker.doing = "edit \u{1B}]0;x\u{7}src/shop.py"
    worker.used = Amounts(microdollars: 220_000, tokens: 41_000, turns: 9)
    var quiet = RunPicture.Worker(subject: "a-step-with-a-long-name-that-ends-in-cart", who: "codemod")
    (quiet.since, quiet.heard) = (story.now.adding(seconds: -400), story.now.adding(seconds: -240))
    var gate = RunPicture.Worker(subject: "S5", who: "unit")
    (gate.isGate, gate.since, gate.doing) = (true, story.now.adding(seconds: -3), "test 3 of 9")
    return RunPicture(
      report.migrations, workers: [worker, gate, quiet], began: story.now.adding(seconds: -1860),
      now: story.now)
  }

  @Test(arguments: [50, 80, 200], [false, true])
  func `it fits, says who does what, and shows no foreign control`(_ columns: Int, _ isASCII: Bool) {
    let screen = RunPicture.Screen(columns: columns, rows: 24, colour: false, isASCII: isASCII)
    let lines = Self.picture.lines(on: screen)
    #expect(lines.allSatisfy { $0.count <= columns - 1 }, "\(lines)")
    #expect(lines.allSatisfy { $0.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0 != "\u{202E}" } })
    Transcript.check("live-\(columns)\(isASCII ? "-ascii" : "")", lines)
  }

  @Test func `it is never as high as the terminal`() {
    var picture = Self.picture
    picture.workers = (1...30).map { RunPicture.Worker(subject: "S\($0)", who: "agent") }
    for rows in [3, 6, 10, 24] {
      let screen = RunPicture.Screen(columns: 80, rows: rows, colour: true, isASCII: false)
      #expect(picture.lines(on: screen).count < rows)
    }
  }

  @Test func `each end is one line`() {
    let story = StatusTests.story
    var course = Course()
    var outcomes: [RunOutcome] = []
    var state = State()
    for event in story.events {
      guard case .accept(let next, _) = decide(state, event) else { continue }
      state = next
      course.add(event)
      outcomes += RunOutcome.of(event, in: state, course)
    }
    Transcript.check(
      "live-outcomes",
      outcomes.map { $0.line(width: 79, idWidth: 8, isASCII: false, colour: false) }
        + outcomes.map { $0.line(width: 0, idWidth: 8, isASCII: true, colour: false) })
    var tally = RunTally()
    outcomes.forEach { tally.add($0) }
    #expect(tally.words == "1 merged, 4 failed attempts, 1 blocked, 1 skipped")
  }
}
