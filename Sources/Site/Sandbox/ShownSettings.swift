import Git
import System

/// What of the settings of git is shown to whom nobody trusts. Of the user's: who they are, and what decides
/// how git takes the content of files; keys, helpers and addresses with passwords stand in the same files. Of
/// the repository's: all but what opens doors.
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

  /// A file with what is shown of the user's settings, made once.
  func file() throws(CommandError) -> String {
    if let known = site.seenShownSettings { return known }
    return try reporting { () throws -> String in
      // git itself is asked, which knows every kind of `includeIf`.
      let output = try site.git.run(["config", "--null", "--get-regexp", Self.identity])
      var text = Self.entries(output.stdout).map { Self.line($0.key, $0.value) }.joined()
      for key in Self.others {
        if let value = GitProgram.userSetting(key, environment: site.environment) {
          text += Self.line(key, value)
        }
      }
      let path = try written("shown-settings", text)
      site.seenShownSettings = path
      return path
    }
  }

  /// The repository's settings, and a file that stands in their place; `nil` where nothing in them is to be
  /// kept from anybody.
  func repository() throws(CommandError) -> (place: String, file: String)? {
    try reporting { () throws -> (place: String, file: String)? in
      guard let place = Files.realPath(site.repository.commonDirectory + "/config"),
        let bytes = try Files.readFile(place)
      else { return nil }
      if let known = site.seenRepositorySettings, known.bytes == bytes {
        return known.file.map { (place, $0) }
      }
      let output = try site.git.run(["config", "--file", place, "--no-includes", "--null", "--list"])
      let all = Self.entries(output.stdout)
      let shown = all.filter { !Self.isSecret($0.key) }.map { key, value in
        (key: AddressText.withoutPasswords(key), value: value.map(AddressText.withoutPasswords))
      }
      let isSame = all.elementsEqual(shown) { $0.key == $1.key && $0.value == $1.value }
      let text = shown.map { Self.line($0.key, $0.value) }.joined()
      let file = isSame ? nil : try written("shown-config", text)
      site.seenRepositorySettings = (bytes, file)
      return file.map { (place, $0) }
    }
  }

  private func written(_ name: String, _ text: String) throws -> String {
    try site.makeOwnFolder(site.localDirectory)
    let path = site.localDirectory + "/" + name
    let bytes = Array(text.utf8)
    if try Files.readFile(path) != bytes { try Files.writeAtomically(path, bytes) }
    return path
  }

  /// Whether a setting opens a door by its name, such as the header with a token that runners of forges set.
  static func isSecret(_ key: String) -> Bool {
    let parts = key.lowercased().split(separator: ".")
    guard let section = parts.first, let variable = parts.last else { return false }
    return ["credential", "transcrypt"].contains(section)
      || ["extraheader", "pass", "token", "secret", "credential"].contains(where: variable.contains)
  }

  /// What `git config --null` lists; a setting without a value has none.
  static func entries(_ bytes: [UInt8]) -> [(key: String, value: String?)] {
    bytes.split(separator: 0).map { entry in
      let parts = entry.split(separator: 0x0A, maxSplits: 1, omittingEmptySubsequences: false).map {
        String(decoding: $0, as: UTF8.self)
      }
      return (parts.first ?? "", parts.dropFirst().first)
    }
  }

  /// A setting as git's files have it.
  static func line(_ key: String, _ value: String?) -> String {
    func quoted(_ text: String) -> String {
      "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
    guard let first = key.firstIndex(of: "."), let last = key.lastIndex(of: ".") else { return "" }
    let name = first < last ? " " + quoted(String(key[key.index(after: first)..<last])) : ""
    let set = value.map { " = " + quoted($0).replacing("\n", with: "\\n") } ?? ""
    return "[\(key[..<first])\(name)]\n\t\(key[key.index(after: last)...])\(set)\n"
  }
}
