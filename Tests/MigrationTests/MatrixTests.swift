import Migration
import Testing

/// Every event in every state (I-9): what comes of it, recorded in `Transcripts/matrix.txt`.
@Suite struct MatrixTests {
  @Test func everyKindInEveryStepPhase() {
    var lines: [String] = []
    for word in StepWord.allCases {
      let story = Story.at(word)
      #expect(story.word("S2") == word.rawValue)
      lines += ["# S2 is \(word.rawValue), epoch \(story.step("S2").epoch)"]
      lines += rows(story, about: "S2")
      lines.append("")
    }
    Transcript.check("matrix", lines)
  }

  @Test func everyKindInEveryMigrationPhase() {
    var lines: [String] = []
    for (name, story) in Self.phases {
      #expect(story.current.phase.word == name.prefix { $0 != " " })
      lines += ["# the migration is \(name)"]
      lines += rows(story, about: "S1")
      lines.append("")
    }
    Transcript.check("matrix-migration", lines)
  }

  @Test func theWordsOfPhasesAreTheSameEverywhere() {
    for word in StepWord.allCases {
      let phase = Story.at(word).step("S2").phase
      #expect(StepWord(phase) == word)
      #expect(phase.word == word.rawValue)
    }
  }

  /// The events of every kind, told one by one to the same state.
  private func rows(_ story: Story, about step: String) -> [String] {
    var lines: [String] = []
    for kind in Change.Kind.allCases {
      let epoch = story.step(step).epoch
      let first = Story(story)
      let isFenced = first.change(kind, on: step, epoch: epoch).fence != nil
      let current = kind == .claim(.claimed) ? epoch + 1 : epoch
      lines += row(story, kind, step, current, isFenced ? "epoch \(current)" : "")
      if isFenced { lines += row(story, kind, step, current - 1, "stale") }
    }
    return lines
  }

  private func row(_ story: Story, _ kind: Change.Kind, _ step: String, _ epoch: Int, _ label: String)
    -> [String]
  {
    let copy = Story(story)
    copy.lines = []
    let change = copy.change(kind, on: step, epoch: epoch)
    copy.tell(change, of: change.ownName)
    let name = label.isEmpty ? kind.rawValue : "\(kind.rawValue) \(label)"
    return [name] + copy.lines.dropFirst().map { "  " + $0.drop { $0 == " " } }
  }

  private static var phases: [(String, Story)] {
    let running = Story(chain: "S1", "S2")
    running.claim("S1")
    let paused = Story(running)
    paused.tell(.migrationPaused(reason: "lunch"), by: "ann")
    let refreshing = Story(running)
    refreshing.refresh()
    let aborted = Story(running)
    aborted.tell(.migrationAborted(reason: "no more"), by: "ann")
    let finished = Story(chain: "S1", "S2")
    finished.complete("S1")
    finished.finish(partial: true)
    return [
      ("running", running), ("running with a refresh under way", refreshing), ("paused", paused),
      ("aborted", aborted), ("finished", finished),
    ]
  }
}
