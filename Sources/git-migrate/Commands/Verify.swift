import ArgumentParser
import Runner
import Site

/// `git migrate verify`: what the gate would say, without handing anything in.
struct VerifyCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Try the gate on the work so far; records nothing.",
    discussion: "Exit codes: 0 it would pass, 1 it would be sent back, 125 it could not be verified.")

  @OptionGroup var options: ClaimOptions

  @Flag(help: "Run the verifiers also when their verdict on the very same tree is known.")
  var noCache = false

  @OptionGroup var json: JSONOption

  func run(_ context: Context) throws(CommandError) {
    if let reply = try context.relayed(.verify(isAnew: noCache), options) {
      return try context.print(reply, json)
    }
    let tried = try context.answers().verify(
      try options.claim(context), isAnew: noCache, context.interruption)
    context.exitCode = tried.exitCode
    try context.print(tried, json)
  }
}
