import ArgumentParser
import Runner
import Site

/// `git migrate doctor`: looks at everything that makes a migration stumble; changes nothing.
struct DoctorCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Check this machine and repository for what makes a migration stumble.",
    discussion: "Exits with 1 when something is wrong; a warning alone exits with 0.")

  @OptionGroup var json: JSONOption

  func run(_ context: Context) throws(CommandError) {
    let doctor = Doctor(directory: try context.directory(), environment: context.environment)
    let examined = ExaminedMachine(doctor.checks())
    context.exitCode = examined.exitCode
    try context.print(examined, json)
  }
}
