import Git
import System

/// What of the user's settings of git is shown to whom nobody trusts: who they are, and what decides how git
/// takes the content of files. Keys, helpers and addresses with passwords stand in the same files.
struct ShownSettings {
  private let site: Site

  init(_ site: Site) { self.site = site }

  private static let identity = "^(user|author|committer)\\.(name|email)$"
  private static let others = [
    "core.autocrlf", "core.eol", "core.safecrlf", "core.quotepath", "filter.lfs.clean", "filter.lfs.smudge",
    "filter.lfs.process", "filter.lfs.required", "init.defaultbranch", "merge.conflictstyle",
  ]

  /// The places at which git looks for the user's settings.
  func places(home: String?) -> [String] {
    if let named = site.environment["GIT_CONFIG_GLOBAL"], !named.isEmpty {
      return Files.realPath(named).flatMap { Files.kind($0) == .file ? [$0] : nil } ?? []
    }
    return home.map { [$0 + "/.gitconfig"] } ?? []
  }

  /// A file with them, made once.
  func file() throws(CommandError) -> String {
    if let known = site.seenShownSettings { return known }
    return try reporting { () throws -> String in
      var text = ""
      // git itself is asked, which knows every kind of `includeIf`.
      let output = try site.git.run(["config", "--null", "--get-regexp", Self.identity])
      for entry in output.stdout.split(separator: 0) {
        let parts = entry.split(separator: 0x0A, maxSplits: 1).map { String(decoding: $0, as: UTF8.self) }
        if parts.count == 2 { text += Self.line(parts[0], parts[1]) }
      }
      for key in Self.others {
        if let value = GitProgram.userSetting(key, environment: site.environment) {
          text += Self.line(key, value)
        }
      }
      try site.makeOwnFolder(site.localDirectory)
      let path = site.localDirectory + "/shown-settings"
      let bytes = Array(text.utf8)
      if try Files.readFile(path) != bytes { try Files.writeAtomically(path, bytes) }
      site.seenShownSettings = path
      return path
    }
  }

  /// A setting as git's files have it.
  static func line(_ key: String, _ value: String) -> String {
    let parts = key.split(separator: ".")
    let section = parts.count > 2 ? "\(parts[0]) \"\(parts[1])\"" : "\(parts[0])"
    let escaped = value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
      .replacing("\n", with: "\\n")
    return "[\(section)]\n\t\(parts[parts.count - 1]) = \"\(escaped)\"\n"
  }
}
