extension StatusReport {
  /// The report for scripts that read lines, `--porcelain=v1`.
  ///
  /// Header lines come first, `# <key> <value>`: `# version 1`, `# seq <n>`, where the ledger is shared
  /// `# shared <as_of> <waiting> <remote>`, and before the steps of each migration
  /// `# migration <name> <state> <into>`, followed by `# reason <text>` when it is paused or aborted. Readers
  /// skip keys they do not know. Then one record a step, eleven fields between tabs:
  ///
  /// ```
  /// <migration> <id> <state> <attempts> <epoch> <holder> <expires_at> <commit> <needs> <reason> <title>
  /// ```
  ///
  /// An absent field is `-`; `needs` are separated by commas; `expires_at` is in Unix seconds. Texts that
  /// hold quotes, backslashes or characters that are unsafe to print are quoted as git quotes paths. With
  /// `zeroTerminated` records and headers end in NUL instead of a line feed and nothing is quoted: in the
  /// fields before the title a tab or NUL becomes a space, the title is last and may hold anything else but
  /// NUL.
  public func porcelain(zeroTerminated: Bool = false) -> String {
    var writer = PorcelainWriter(zeroTerminated: zeroTerminated)
    writer.record("# version 1")
    writer.record("# seq \(sequence)")
    if let shared {
      let asOf = shared.asOf.map { String($0.seconds) } ?? "-"
      writer.record("# shared \(asOf) \(shared.waiting) \(writer.text(shared.remote))")
    }
    for migration in migrations {
      writer.record("# migration \(migration.name) \(migration.state) \(writer.text(migration.into))")
      if let reason = migration.reason { writer.record("# reason \(writer.text(reason))") }
      for step in migration.steps { writer.step(step, of: migration.name) }
    }
    return writer.output
  }
}

private struct PorcelainWriter {
  let zeroTerminated: Bool
  var output = ""

  init(zeroTerminated: Bool) { self.zeroTerminated = zeroTerminated }

  mutating func record(_ line: String) {
    output += line
    output += zeroTerminated ? "\0" : "\n"
  }

  mutating func step(_ step: StepReport, of migration: String) {
    output += migration
    field(step.id)
    field(step.state)
    field(String(step.attempts))
    field(String(step.epoch))
    field(step.holder.map(text) ?? "-")
    field(step.expiresAt.map { String($0.seconds) } ?? "-")
    field(step.commit?.hex ?? "-")
    field(step.needs.isEmpty ? "-" : step.needs.joined(separator: ","))
    field(step.reason.map(text) ?? "-")
    field(title(step.title))
    output += zeroTerminated ? "\0" : "\n"
  }

  private mutating func field(_ text: String) {
    output += "\t"
    output += text
  }

  private func title(_ title: String) -> String {
    zeroTerminated ? replacing(title, { $0 == 0 }) : PlainText.quoted(title)
  }

  func text(_ text: String) -> String {
    zeroTerminated ? replacing(text, { $0 == 0 || $0 == 0x09 }) : PlainText.quoted(text, reserved: "-")
  }

  private func replacing(_ text: String, _ isUnwanted: (UInt8) -> Bool) -> String {
    guard text.utf8.contains(where: isUnwanted) else { return text }
    return String(decoding: text.utf8.map { isUnwanted($0) ? 0x20 : $0 }, as: UTF8.self)
  }
}
