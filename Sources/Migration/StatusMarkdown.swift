extension StatusReport {
  /// The report as Markdown.
  ///
  /// `atCheckpoint` is for the ledger's `STATUS.md`: nothing in it then depends on `now`, so that the same
  /// ledger gives the same bytes whenever and wherever the page is written.
  public func markdown(atCheckpoint: Bool) -> String {
    var lines = ["# Status", "", "After entry \(sequence) of the ledger.", ""]
    if migrations.isEmpty { lines += ["No migrations.", ""] }
    for migration in migrations {
      MarkdownPage(migration: migration, now: atCheckpoint ? nil : now).write(to: &lines)
    }
    return lines.joined(separator: "\n")
  }
}

private struct MarkdownPage {
  let migration: MigrationReport
  /// `nil` leaves everything out that depends on the time of reading.
  let now: Timestamp?

  func write(to lines: inout [String]) {
    let why = migration.reason.map { ": \(escaped($0))" } ?? ""
    lines += [
      "## \(escaped(migration.name))", "",
      "**\(migration.state)**\(why), into \(escaped(migration.into))", "", counts, "",
      "| Step | Title | Status | Attempts | Commit | Note |",
      "|---|---|---|---:|---|---|",
    ]
    for step in migration.steps { lines.append(row(step)) }
    lines.append("")
    let blocked = migration.steps.filter { $0.word == .blocked }
    if blocked.isEmpty { return }
    lines += ["### Blocked", ""]
    for step in blocked {
      lines.append("- **\(escaped(step.id))** \(escaped(step.title)): \(escaped(step.reason ?? ""))")
    }
    lines.append("")
  }

  private func word(_ step: StepReport) -> StepWord { now == nil ? step.recordedWord : step.word }

  private var counts: String {
    var numbers: [StepWord: Int] = [:]
    for step in migration.steps { numbers[word(step), default: 0] += 1 }
    let parts = StepWord.allCases.compactMap { word in numbers[word].map { "\($0) \(word)" } }
    return "\(migration.steps.count) steps: \(parts.joined(separator: ", "))"
  }

  private func row(_ step: StepReport) -> String {
    let commit = step.commit.map { "`\($0.short)`" } ?? ""
    return "| \(escaped(step.id)) | \(escaped(step.title)) | \(word(step)) | \(step.attempts) | \(commit) "
      + "| \(note(step)) |"
  }

  private func note(_ step: StepReport) -> String {
    var parts: [String] = []
    if let holder = step.holder { parts.append(escaped(holder)) }
    if let now, let expiresAt = step.expiresAt { parts.append(Span.expiry(expiresAt, now: now)) }
    if let now, let until = step.restsUntil { parts.append("again \(Span.until(until, now: now))") }
    if let reason = step.reason { parts.append(escaped(reason)) }
    return parts.joined(separator: ", ")
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

/// Spans of time as people read them.
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
