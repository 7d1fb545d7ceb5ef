import CanonicalJSON

/// A command that can be called, as the argument parser itself lists it.
public struct DeclaredCommand: CustomStringConvertible, Sendable {
  /// The words after `git migrate`.
  public var name: String
  /// Every option with two dashes, without them.
  public var longOptions: Set<String>
  /// Those that its man page has to tell: those of commands below it, too.
  public var pageOptions: Set<String>

  /// The name of its man page.
  public var page: String { "git-migrate-\(name)" }
  /// The words after `git migrate`.
  public var description: String { name }

  /// Every command, and each that is below another, by `--experimental-dump-help` of the built program.
  public static let all: [DeclaredCommand] = {
    let dump = try? TestRepository(.none).run(TestBinary.path, ["--experimental-dump-help"]).out
    let root = dump.flatMap { try? JSON.parse($0) }?["command"]
    return root.map { below($0, "") } ?? []
  }()

  /// Those that have a man page of their own.
  public static let withPage = all.filter { !$0.name.contains(" ") }

  private static func below(_ command: JSON, _ words: String) -> [DeclaredCommand] {
    guard case .array(let parts)? = command["subcommands"] else { return [] }
    return parts.flatMap { part -> [DeclaredCommand] in
      guard case .string(let name)? = part["commandName"], name != "help" else { return [] }
      let inner = below(part, words + name + " ")
      let own = longOptions(of: part)
      let all = inner.reduce(own) { $0.union($1.longOptions) }
      return [DeclaredCommand(name: words + name, longOptions: own, pageOptions: all)] + inner
    }
  }

  private static func longOptions(of command: JSON) -> Set<String> {
    guard case .array(let arguments)? = command["arguments"] else { return [] }
    var options: Set<String> = []
    for argument in arguments {
      guard case .array(let names)? = argument["names"] else { continue }
      for name in names where name["kind"] == .string("long") {
        if case .string(let text)? = name["name"] { options.insert(text) }
      }
    }
    // Every command has these two, and no page speaks of them.
    return options.subtracting(["help", "version"])
  }
}
