extension StatusReport {
  /// The report as Markdown.
  ///
  /// `atCheckpoint` is for the ledger's `STATUS.md`: nothing in it then depends on `now`, so that the same
  /// ledger gives the same bytes whenever and wherever the page is written.
  public func markdown(atCheckpoint: Bool) -> String {
    var page = MarkdownPage(now: atCheckpoint ? nil : now)
    page.bytes.reserveCapacity(256 + 128 * migrations.reduce(0) { $0 + $1.steps.count })
    page.writeHead(sequence: sequence, isEmpty: migrations.isEmpty)
    for migration in migrations { page.write(migration) }
    return String(decoding: page.bytes, as: UTF8.self)
  }
}

/// Writes the page piece by piece: ten thousand interpolated rows would cost more than all the rest of a
/// checkpoint.
struct MarkdownPage {
  /// `nil` leaves everything out that depends on the time of reading.
  let now: Timestamp?
  var bytes: [UInt8] = []

  init(now: Timestamp?) { self.now = now }

  mutating func writeHead(sequence: Int, isEmpty: Bool) {
    line("# Status")
    line()
    line("After entry \(sequence) of the ledger.")
    if !isEmpty { return }
    line()
    line("No migrations.")
  }

  mutating func write(_ migration: MigrationReport) {
    var counts = [Int](repeating: 0, count: StepWord.allCases.count)
    for index in migration.steps.indices { counts[word(migration.steps[index]).rank] += 1 }
    writeHead(
      name: migration.name, state: migration.state, reason: migration.reason, into: migration.into,
      counts: counts)
    for index in migration.steps.indices { writeRow(migration.steps[index]) }
    writeBlocked(migration.steps.filter { $0.word == .blocked })
  }

  /// What stands above a migration's rows; `counts` in the order of `StepWord.allCases`.
  mutating func writeHead(name: String, state: String, reason: String?, into: String, counts: [Int]) {
    line()
    line("## \(escaped(name))")
    line()
    line("**\(state)**\(reason.map { ": \(escaped($0))" } ?? ""), into \(escaped(into))")
    line()
    let parts = StepWord.allCases.filter { counts[$0.rank] > 0 }
      .map { "\(counts[$0.rank]) \($0.rawValue)" }
    line("\(Count.of(counts.reduce(0, +), "step")): \(parts.joined(separator: ", "))")
    line()
    line("| Step | Title | Status | Attempts | Commit | Note |")
    line("|---|---|---|---:|---|---|")
  }

  /// What stands below them.
  mutating func writeBlocked(_ steps: [StepReport]) {
    if steps.isEmpty { return }
    line()
    line("### Blocked")
    line()
    for step in steps {
      line("- **\(escaped(step.id))** \(escaped(step.title)): \(escaped(step.reason ?? ""))")
    }
  }

  private mutating func line(_ text: String = "") {
    bytes.append(contentsOf: text.utf8)
    bytes.append(0x0A)
  }

  private func word(_ step: StepReport) -> StepWord { now == nil ? step.recordedWord : step.word }

  mutating func writeRow(_ step: StepReport) {
    write("| ")
    writeEscaped(step.id)
    write(" | ")
    writeEscaped(step.title)
    write(" | ")
    bytes.append(contentsOf: word(step).rawValue.utf8)
    write(" | ")
    bytes.append(contentsOf: String(step.attempts).utf8)
    write(" | ")
    if let commit = step.commit {
      write("`")
      bytes.append(contentsOf: commit.hex.utf8.prefix(10))
      write("`")
    }
    write(" | ")
    writeNote(step)
    write(" |\n")
  }

  private mutating func writeNote(_ step: StepReport) {
    var separator: StaticString = ""
    func begin(_ page: inout MarkdownPage) {
      page.write(separator)
      separator = ", "
    }
    if let holder = step.holder {
      begin(&self)
      writeEscaped(holder)
    }
    if let now, let expiresAt = step.expiresAt {
      begin(&self)
      bytes.append(contentsOf: Span.expiry(expiresAt, now: now).utf8)
    }
    if let now, let until = step.restsUntil {
      begin(&self)
      bytes.append(contentsOf: "again \(Span.until(until, now: now))".utf8)
    }
    if let reason = step.reason {
      begin(&self)
      writeEscaped(reason)
    }
  }

  private mutating func write(_ text: StaticString) {
    text.withUTF8Buffer { bytes.append(contentsOf: $0) }
  }

  private mutating func writeEscaped(_ text: String) {
    let isWritten = text.utf8.withContiguousStorageIfAvailable { buffer in
      guard buffer.allSatisfy(isPlain) else { return false }
      bytes.append(contentsOf: buffer)
      return true
    }
    if isWritten != true { bytes.append(contentsOf: escaped(text).utf8) }
  }

  /// Markdown that shows exactly the text: one line, no markup, no HTML, no table border.
  private func escaped(_ text: String) -> String {
    if text.utf8.allSatisfy(isPlain) { return text }
    var result = ""
    for scalar in PlainText.line(text).unicodeScalars {
      switch scalar {
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "&": result += "&amp;"
      case "|", "\\", "`", "*", "_", "[", "]", "~", "#", "!", "@":
        result += "\\"
        result.unicodeScalars.append(scalar)
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}

/// Whether a byte means nothing in Markdown: letters, digits, space and `,-./:`.
private func isPlain(_ byte: UInt8) -> Bool {
  switch byte {
  case 0x20, 0x2C...0x3A, 0x41...0x5A, 0x61...0x7A: true
  default: false
  }
}

/// Spans of time as `STATUS.md` has them. Its words belong to the version of the format, so that they are not
/// those of `SpanText`, which may change.
enum Span {
  /// `in 12m`, or `now` when the time is over.
  static func until(_ time: Timestamp, now: Timestamp) -> String {
    time > now ? "in \(words(time.milliseconds - now.milliseconds))" : "now"
  }

  /// `expires in 12m`, or `expired 3m ago`.
  static func expiry(_ time: Timestamp, now: Timestamp) -> String {
    if time > now { return "expires in \(words(time.milliseconds - now.milliseconds))" }
    return "expired \(words(now.milliseconds - time.milliseconds)) ago"
  }

  /// The largest unit that fits, rounded down: `45s`, `12m`, `3h`, `2d`.
  private static func words(_ milliseconds: Int64) -> String {
    let seconds = milliseconds / 1000
    switch seconds {
    case ..<60: return "\(seconds)s"
    case ..<3600: return "\(seconds / 60)m"
    case ..<172_800: return "\(seconds / 3600)h"
    default: return "\(seconds / 86_400)d"
    }
  }
}
