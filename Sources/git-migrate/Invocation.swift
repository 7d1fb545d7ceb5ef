import ArgumentParser
import Migration
import Runner
import Site
import Supervision
import System

/// One run of the program: arguments in, exit code out.
struct Invocation {
  private let arguments: [String]

  init(_ arguments: [String]) { self.arguments = Invocation.spelledOut(arguments) }

  /// Runs the command and gives the exit code.
  func run(in context: Context) -> Int32 {
    defer { context.pager?.end() }
    if arguments.isEmpty {
      context.note(HelpText.of(GitMigrate.helpMessage(columns: HelpText.columns)))
      return CommandError.ExitCode.usage.rawValue
    }
    // As git does, before anything is parsed: scripts ask for it often.
    if arguments == ["--version"] { return tell(GitMigrate.versionText, context) }
    var command: any ParsableCommand
    do {
      try refuseUnknownCommand()
      command = try direct ?? GitMigrate.parseAsRoot(arguments)
    } catch {
      return end(parsing: error, context)
    }
    do {
      if let command = command as? any Subcommand { try command.run(context) } else { try command.run() }
      try context.output.flush()
      try context.performDue()
      if context.output.isReaderGone { SignalPipe.end(by: Signal.brokenPipe) }
      return context.exitCode.rawValue
    } catch let error as ExitCode {
      performDue(context)
      return flushed(context, error.rawValue, after: nil)
    } catch {
      // `help` and `ledger` without more end by throwing the help that is to be shown.
      if error is ValidationError || GitMigrate.exitCode(for: error) == .success {
        return end(parsing: error, context)
      }
      let failure = CommandError.from(error)
      context.report(failure)
      performDue(context)
      let code = flushed(context, failure.exitCode.rawValue, after: failure)
      if context.output.isReaderGone { SignalPipe.end(by: Signal.brokenPipe) }
      if failure.exitCode == .interrupted, let signal = context.stopSignal { SignalPipe.end(by: signal) }
      return code
    }
  }

  /// What is still due after a command that failed; its own error counts.
  private func performDue(_ context: Context) {
    do throws(CommandError) { try context.performDue() } catch { context.report(error) }
  }

  /// Flushes what a command that failed has printed; that it did is what counts.
  private func flushed(_ context: Context, _ code: Int32, after shown: CommandError?) -> Int32 {
    do throws(CommandError) {
      try context.output.flush()
      return code
    } catch {
      if error != shown { context.report(error) }
      return error.exitCode.rawValue
    }
  }

  /// Ends a run that got no further than its arguments: help and version are results, all else is wrong
  /// usage.
  private func end(parsing error: any Error, _ context: Context) -> Int32 {
    if let error = error as? CommandError {
      context.report("error", error.message)
      context.hint(error.hint)
      return error.exitCode.rawValue
    }
    let text = GitMigrate.fullMessage(for: error, columns: HelpText.columns)
    if GitMigrate.exitCode(for: error) == .success { return tell(HelpText.of(text), context) }
    context.note(HelpText.ofError(text))
    return CommandError.ExitCode.usage.rawValue
  }

  /// Prints a result that no command has made.
  private func tell(_ text: String, _ context: Context) -> Int32 {
    do throws(CommandError) {
      try context.output.line(text)
      try context.output.flush()
      return 0
    } catch {
      context.report(error)
      return error.exitCode.rawValue
    }
  }

  /// The command, read by its own parser alone. The one that knows all commands takes longer than many a
  /// command; it is asked for help, and for what is wrong with arguments.
  private var direct: (any Subcommand)? {
    guard let first = arguments.first else { return nil }
    let rest = arguments.dropFirst()
    if first == "hook", let command = HookCommand(called: rest) { return command }
    let type = GitMigrate.configuration.subcommands.first { $0.configuration.commandName == first }
    return (try? type?.parseAsRoot(Array(rest))) as? any Subcommand
  }

  private func refuseUnknownCommand() throws(CommandError) {
    let names = GitMigrate.configuration.subcommands.compactMap { $0.configuration.commandName } + ["help"]
    guard let first = arguments.first, !first.hasPrefix("-") else { return }
    let isHelp = first == "help"
    guard let word = isHelp ? arguments.dropFirst().first : first, !word.hasPrefix("-"),
      !names.contains(word)
    else { return }
    let near = Suggestion.nearest(to: word, among: names)
    throw CommandError(
      "'\(word)' is not a git migrate command",
      hint: near.map { "did you mean '\($0)'?" } ?? "'git migrate -h' lists them", exitCode: .usage)
  }

  /// Spells out what git lets be left out and the argument parser does not: the value of `--color` and of
  /// `--porcelain`, and `--no-color`. What follows `--` is left alone.
  private static func spelledOut(_ arguments: [String]) -> [String] {
    if ["version", "-v"].contains(arguments.first) { return ["--version"] + arguments.dropFirst() }
    let end = arguments.firstIndex(of: "--") ?? arguments.endIndex
    let options = arguments[..<end].map { argument in
      switch argument {
      case "--color": "--color=always"
      case "--no-color": "--color=never"
      case "--porcelain": "--porcelain=v1"
      default: argument
      }
    }
    return options + arguments[end...]
  }
}

/// Help and usage in git's manner, made from the argument parser's.
enum HelpText {
  /// The columns that help is wrapped to.
  static let columns = 80

  /// `usage:` first, then what the command does, then its arguments and options. Other texts stay as they
  /// are.
  static func of(_ text: String) -> String {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard let start = lines.firstIndex(where: { $0.hasPrefix("USAGE: ") }) else { return text }
    let end = lines[start...].firstIndex { $0.isEmpty } ?? lines.endIndex
    let usage = lines[start..<end]
    var overview = Array(lines[..<start])
    while overview.last?.isEmpty == true { overview.removeLast() }
    if let first = overview.first, first.hasPrefix("OVERVIEW: ") {
      overview[0] = first.dropFirst("OVERVIEW: ".count)
    }
    let joined = usage.map { $0.drop { $0 == " " } }.joined(separator: " ").dropFirst("USAGE: ".count)
    let rest = lines[end...].map { line in
      line.hasSuffix(":") && !line.hasPrefix(" ") ? Substring(heading(line)) : line
    }
    var result = [wrapped(joined)]
    if !overview.isEmpty { result += [""] + overview.map { $0.isEmpty ? "" : "    \($0)" } }
    result += rest.map(String.init)
    while result.last?.isEmpty == true { result.removeLast() }
    return result.joined(separator: "\n")
  }

  /// The parser's error message as `error: …`, its help and `usage: …`.
  static func ofError(_ text: String) -> String {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).compactMap { line -> String? in
      if let message = rest(of: line, after: "Error: ") { return error(message) }
      if let help = rest(of: line, after: "Help:  ") { return "hint: \(help)" }
      if let usage = rest(of: line, after: "Usage: ") { return wrapped(usage) }
      return line.hasPrefix("  See '") ? nil : String(line)
    }
    return lines.joined(separator: "\n")
  }

  private static func rest(of line: Substring, after prefix: String) -> Substring? {
    line.hasPrefix(prefix) ? line.dropFirst(prefix.count) : nil
  }

  /// The message as an error; what it proposes as a hint.
  private static func error(_ message: Substring) -> String {
    for proposal in [". Did you mean", ". Please provide"] {
      guard let range = message.firstRange(of: proposal) else { continue }
      let hint = message[message.index(range.lowerBound, offsetBy: 2)...]
      return "error: \(sentence(message[..<range.lowerBound]))\nhint: \(sentence(hint))"
    }
    return "error: \(sentence(message))"
  }

  /// Git's grammar: lower case, no full stop.
  private static func sentence(_ message: Substring) -> String {
    let text = message.hasSuffix(".") ? message.dropLast() : message
    return (text.first.map { $0.lowercased() } ?? "") + text.dropFirst()
  }

  /// `OPTIONS:` as `Options:`, and the name of a group without the word that the parser adds.
  private static func heading(_ line: Substring) -> String {
    let group = " SUBCOMMANDS:"
    if line.hasSuffix(group) {
      let name = line.dropLast(group.count).lowercased()
      return (name.first.map { $0.uppercased() } ?? "") + name.dropFirst() + ":"
    }
    let text = line.lowercased()
    return (text.first.map { $0.uppercased() } ?? "") + text.dropFirst()
  }

  /// A usage line broken between its arguments, the way git breaks it.
  private static func wrapped(_ usage: Substring) -> String {
    var lines: [String] = []
    var current = "usage:"
    var start = 0
    for (index, part) in parts(of: usage).enumerated() {
      // The lines below begin where the first option stood.
      if start == 0, index > 0, part.hasPrefix("[") || part.hasPrefix("<") || part.hasPrefix("-") {
        start = current.count + 1
      }
      if start > 0, current.count + 1 + part.count > columns {
        lines.append(current)
        current = String(repeating: " ", count: start - 1)
      }
      current += " " + part
    }
    return (lines + [current]).joined(separator: "\n")
  }

  /// The words of a usage line; what stands in brackets stays together.
  private static func parts(of usage: Substring) -> [String] {
    var parts: [String] = []
    var depth = 0
    for word in usage.split(separator: " ") {
      if depth > 0, let last = parts.indices.last {
        parts[last] += " " + word
      } else {
        parts.append(String(word))
      }
      depth += word.count { $0 == "[" } - word.count { $0 == "]" }
    }
    return parts
  }
}
