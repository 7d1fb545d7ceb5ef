import ArgumentParser
import Runner
import Site
import System

/// `git migrate why`: what brought a line.
struct WhyCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "why", abstract: "Tell which step brought a line, and what was tried before.",
    discussion: "The path is from the top of the repository.")

  @Argument(help: ArgumentHelp("The file and the line.", valueName: "file:line"))
  var place: String

  @Option(
    name: .customLong("at"),
    help: ArgumentHelp("The commit or branch to look at; by default HEAD.", valueName: "revision"))
  var revision = "HEAD"

  @OptionGroup var json: JSONOption
  @OptionGroup var colour: ColourOption

  private var parts: (path: String, line: Int)? {
    guard let colon = place.lastIndex(of: ":"), let line = Int(place[place.index(after: colon)...]), line > 0
    else { return nil }
    let path = String(place[..<colon])
    return path.isEmpty ? nil : (path, line)
  }

  func validate() throws {
    if parts == nil { throw ValidationError("'\(place)' is no file and line, such as src/cart.py:12") }
    if revision.hasPrefix("-") { throw ValidationError("'\(revision)' is no commit or branch") }
  }

  func run(_ context: Context) throws(CommandError) {
    guard let parts else { return }
    let palette = json.isWanted ? Palette.plain : Palette(isOn: try context.wantsColour(colour))
    let answer = try context.answers().why(parts.path, line: parts.line, at: revision, lines: 0)
    try context.print(answer, json, palette)
    if answer.step == nil { context.exitCode = .no }
  }
}
