import CanonicalJSON

/// The two files of one checkpoint after another: `checkpoint.json` and `STATUS.md`.
///
/// Between two checkpoints few of ten thousand steps change, so the lines of the others are taken from the
/// last pages. What is kept never decides anything: a line is taken only when all that it was made of is the
/// same still.
public struct CheckpointPages {
  private var known: [KnownPage] = []

  /// Knows no page yet.
  public init() {}

  /// The files of the checkpoint after the entry of that number and time.
  public mutating func write(
    _ state: State, sequence: Int, at: Timestamp
  ) -> (checkpoint: [UInt8], status: [UInt8]) {
    var next: [KnownPage] = []
    for migration in state.migrations {
      let last = known.firstIndex { $0.isOf(migration) }.map { known.remove(at: $0) }
      next.append(KnownPage(migration, at: at, last: last))
    }
    known = next
    return (checkpoint(state, sequence), status(state, sequence, at))
  }

  private func checkpoint(_ state: State, _ sequence: Int) -> [UInt8] {
    var writer = JSONWriter()
    writer.bytes.reserveCapacity(4096 + known.reduce(0) { $0 + $1.json.bytes.count + 4096 })
    writer.writeKey("{\"seq\":")
    writer.writeInteger(Int64(sequence))
    writer.writeKey(",\"state\":")
    writer.writeMembers(state.membersButMigrations, "migrations") { writer in
      writer.writeArray(state.migrations.indices) { writer, index in
        writer.writeMembers(state.migrations[index].membersButSteps, "steps") { writer in
          writer.writeKey("[")
          // Each step is followed by a comma, but for the last.
          let lines = known[index].json.bytes
          writer.bytes += lines[..<max(0, lines.count - 1)]
          writer.writeKey("]")
        }
      }
    }
    writer.writeKey("}")
    return writer.bytes
  }

  private func status(_ state: State, _ sequence: Int, _ at: Timestamp) -> [UInt8] {
    var page = MarkdownPage(now: nil)
    page.bytes.reserveCapacity(1024 + known.reduce(0) { $0 + $1.rows.bytes.count + 1024 })
    page.writeHead(sequence: sequence, isEmpty: state.migrations.isEmpty)
    for (migration, lines) in zip(state.migrations, known) {
      var counts = [Int](repeating: 0, count: StepWord.allCases.count)
      var blocked: [Int] = []
      for index in migration.steps.indices {
        let word = StepWord(migration.steps[index].phase)
        counts[word.rank] += 1
        if word == .blocked { blocked.append(index) }
      }
      page.writeHead(
        name: migration.name, state: migration.phase.word, reason: migration.phase.reason,
        into: migration.into, counts: counts)
      page.bytes += lines.rows.bytes
      if blocked.isEmpty { continue }
      let holds = Holds(migration)
      page.writeBlocked(blocked.map { StepReport($0, holds: holds, now: at) })
    }
    return page.bytes
  }
}

/// Lines one after another, and where each ends.
private struct Lines {
  var bytes: [UInt8] = []
  var ends: [Int] = []

  /// Takes lines of other ones.
  mutating func append(_ range: Range<Int>, of other: Lines) {
    guard let last = range.last else { return }
    let start = range.lowerBound == 0 ? 0 : other.ends[range.lowerBound - 1]
    let shift = bytes.count - start
    bytes += other.bytes[start..<other.ends[last]]
    for index in range { ends.append(other.ends[index] + shift) }
  }
}

/// The lines of a migration's steps, and what they were made of. A class, so that looking at each step of the
/// last one copies nothing.
private final class KnownPage {
  private let name: String
  private let planned: [PlannedStep]
  private let steps: [Step]
  /// What each step waited for.
  private var reasons: [String?] = []
  private(set) var json = Lines()
  private(set) var rows = Lines()

  init(_ migration: MigrationState, at: Timestamp, last: KnownPage?) {
    name = migration.name
    planned = migration.plan.steps
    steps = migration.steps
    let holds = Holds(migration)
    var writer = JSONWriter()
    var page = MarkdownPage(now: nil)
    reserve(last)
    var same = 0..<0
    for index in steps.indices {
      let reason = Self.waits(steps[index]) ? holds.reason(index) : nil
      reasons.append(reason)
      if let last, last.holds(steps[index], reason, at: index) {
        same = same.isEmpty ? index..<(index + 1) : same.lowerBound..<(index + 1)
        continue
      }
      take(&same, of: last)
      writer.bytes.removeAll(keepingCapacity: true)
      writer.write(steps[index])
      writer.writeKey(",")
      json.bytes += writer.bytes
      json.ends.append(json.bytes.count)
      page.bytes.removeAll(keepingCapacity: true)
      page.writeRow(StepReport(index, holds: holds, now: at))
      rows.bytes += page.bytes
      rows.ends.append(rows.bytes.count)
    }
    take(&same, of: last)
  }

  /// Whether the lines can be those of a migration: all that they take from its plan is the same.
  func isOf(_ migration: MigrationState) -> Bool {
    name == migration.name && planned == migration.plan.steps
  }

  private static func waits(_ step: Step) -> Bool {
    if case .waiting = step.phase { return true }
    return false
  }

  /// Whether a step has the lines that it had. A pause's line depends on the time too.
  private func holds(_ step: Step, _ reason: String?, at index: Int) -> Bool {
    if case .backoff = step.phase { return false }
    return reasons[index] == reason && steps[index] == step
  }

  private func take(_ same: inout Range<Int>, of last: KnownPage?) {
    if let last {
      json.append(same, of: last.json)
      rows.append(same, of: last.rows)
    }
    same = 0..<0
  }

  private func reserve(_ last: KnownPage?) {
    let count = steps.count
    reasons.reserveCapacity(count)
    json.ends.reserveCapacity(count)
    rows.ends.reserveCapacity(count)
    json.bytes.reserveCapacity(last.map { $0.json.bytes.count + 4096 } ?? 48 * count)
    rows.bytes.reserveCapacity(last.map { $0.rows.bytes.count + 4096 } ?? 96 * count)
  }
}
