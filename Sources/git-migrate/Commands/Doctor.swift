import ArgumentParser
import Migration
import Runner

/// `git migrate doctor`: looks at everything that makes a migration stumble; changes nothing.
struct DoctorCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Check this machine and repository for what makes a migration stumble.",
    discussion: "Exits with 1 when something is wrong; a warning alone exits with 0.")

  @OptionGroup var json: JSONOption

  func run(_ context: Context) throws(CommandError) {
    let checks = Doctor(directory: try context.directory(), environment: context.environment).checks()
    let isHealthy = !checks.contains { $0.level == .error }
    if !isHealthy { context.exitCode = .no }
    if json.isWanted {
      return try context.output.line(
        json: JSON.object([
          JSON.Member("version", .integer(1)), JSON.Member("ok", .bool(isHealthy)),
          JSON.Member("checks", .array(checks.map(\.json))),
        ]))
    }
    for check in checks {
      try context.output.line("\(check.level.rawValue): \(check.name): \(check.message)")
      if let hint = check.hint { try context.output.line("  hint: \(hint)") }
    }
  }
}
