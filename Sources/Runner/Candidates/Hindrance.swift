import Ledger
import Migration
import Site
import Supervision
import System

/// Why a machine could not do what it began, whoever it was for.
package enum Hindrance: Equatable {
  /// It has not got a program.
  case missing(MissingProgram)
  /// It was short of something.
  case shortage(String)

  /// What is said of it.
  var reason: String {
    switch self {
    case .missing(let missing): missing.reason
    case .shortage(let words): words
    }
  }
}

/// The names of programs that a shell, or what was started by one, says it has not found.
enum MissingProgramWords {
  /// How many of the last lines are looked at.
  private static let lines = 20
  /// What is said behind the name.
  private static let complaints = [
    "not found", "command not found", "No such file or directory", "Permission denied",
  ]

  /// The names, that of the last line first, each with its line.
  static func names(in output: String) -> [(name: String, line: String)] {
    output.split(separator: "\n").suffix(lines).reversed().compactMap { line in
      name(in: String(line)).map { ($0, String(line)) }
    }
  }

  /// Whether a run ended so for want of a program: by the shell's own exit codes, or those that `make` tells.
  static func isOne(_ status: ExitStatus, _ output: String) -> Bool {
    switch status {
    case .exited(126), .exited(127): true
    case .exited(0), .signalled, .timedOut, .fellSilent: false
    case .exited:
      output.split(separator: "\n").suffix(lines).contains { $0.hasSuffix("Error 127") }
    }
  }

  private static func name(in line: String) -> String? {
    let parts = line.split(separator: ": ").map { $0.trimming { $0.isWhitespace } }
    guard let last = parts.last, parts.count > 1 else { return nil }
    if complaints.contains(last) { return plain(parts[parts.count - 2]) }
    // zsh has it the other way round.
    return parts[parts.count - 2] == "command not found" ? plain(last) : nil
  }

  /// The name without quotes; `nil` when it is none of a program.
  private static func plain(_ text: String) -> String? {
    let bare = text.trimming { "'\"`‘’".contains($0) }
    guard !bare.isEmpty, bare.utf8.count <= 200, ShellText.words(bare) == [bare] else { return nil }
    return bare
  }
}

extension StringProtocol {
  fileprivate func trimming(_ isLoose: (Character) -> Bool) -> String {
    guard let first = firstIndex(where: { !isLoose($0) }), let last = lastIndex(where: { !isLoose($0) })
    else {
      return ""
    }
    return String(self[first...last])
  }
}

extension Site {
  /// The program for want of which a command ended so, when this machine really has not got it. What lies in
  /// the worktree is the step's, and nobody else's.
  func missingProgram(_ command: String, _ status: ExitStatus, output: String) -> MissingProgram? {
    guard MissingProgramWords.isOne(status, output) else { return nil }
    var found = MissingProgramWords.names(in: output)
    switch ShellWord(firstOf: command) {
    case .name(let name), .path(let name): found.append((name, WorkJob.words(status)))
    case nil: break
    }
    let missing = self.missing(among: Set(found.map(\.name)))
    guard let (name, line) = found.first(where: { missing.contains($0.name) }) else { return nil }
    let isNamed = ShellText.words(command).contains(name)
    return MissingProgram(
      name, command: isNamed ? nil : ShellText.words(command).first,
      reason: "'\(name)' is missing or may not be run (\(TerminalText.sanitizedLine(line)))")
  }

  package func missing(among programs: Set<String>) -> Set<String> {
    let names = programs.filter { !$0.contains("/") && !$0.hasPrefix("-") }
    let paths = programs.filter { $0.hasPrefix("/") && !Files.isExecutable($0) }
    return launcher.missing(names.sorted(), for: .probe, in: directory).union(paths)
  }

  /// Why what failed here may have failed: the disk was full. Each subject is heard once, so that one that
  /// fills it by itself is not begun for ever.
  func crowding(of subject: String) -> Hindrance? {
    guard let found = try? shortage(after: nil), found.kind == .disk, crowded.insert(subject).inserted else {
      return nil
    }
    return .shortage(found.text)
  }
}

extension Proposal {
  /// What is to be known of a machine that has not got a program; `nil` where that is known, or the ledger
  /// has no place for it.
  static func trouble(_ missing: MissingProgram, of machine: String, in state: State) -> Proposal? {
    let known = state.troubles[machine]
    guard state.version >= MachineChange.version, known.count < MachineTroubles.limit,
      !known.contains(where: { $0.missing.program == missing.program })
    else { return nil }
    return Proposal(FormatVersion.everyMigration, .machineTroubled(machine, missing))
  }
}
