import Clibgit2
import Glibc

/// One line of the configuration.
public struct ConfigEntry: Equatable, Sendable {
  /// The key, section and variable in lower case, the subsection as written: `migrate.maxattempts`.
  public var key: String
  /// The value; `nil` for a key without `=`, which is a true boolean.
  public var value: String?

  /// Makes an entry.
  public init(key: String, value: String?) {
    self.key = key
    self.value = value
  }
}

/// `git -c key=value`, which reaches a subcommand as `GIT_CONFIG_PARAMETERS`, and `GIT_CONFIG_COUNT`.
/// libgit2 reads neither (ECOSYSTEM, finding 6). The grammar is that of git's `config.c` and `quote.c`.
enum CommandLineConfig {
  /// Lowest precedence first: `GIT_CONFIG_COUNT`, then `-c`.
  static func entries(environment: [String: String]) throws(GitError) -> [ConfigEntry] {
    try counted(environment) + parameters(environment["GIT_CONFIG_PARAMETERS"] ?? "")
  }

  private static func counted(_ environment: [String: String]) throws(GitError) -> [ConfigEntry] {
    guard let text = environment["GIT_CONFIG_COUNT"], !text.isEmpty else { return [] }
    guard let count = Int(text), count >= 0 else { throw bogus("bogus count in GIT_CONFIG_COUNT", text) }
    // An absurd count is a typing error, and must not keep us busy.
    guard count <= 10_000 else { throw bogus("too many entries in GIT_CONFIG_COUNT", text) }
    var result: [ConfigEntry] = []
    for index in 0..<count {
      guard let key = environment["GIT_CONFIG_KEY_\(index)"] else {
        throw bogus("missing config key GIT_CONFIG_KEY_\(index)", text)
      }
      guard let value = environment["GIT_CONFIG_VALUE_\(index)"] else {
        throw bogus("missing config value GIT_CONFIG_VALUE_\(index)", text)
      }
      result.append(ConfigEntry(key: try canonical(key), value: value))
    }
    return result
  }

  static func parameters(_ text: String) throws(GitError) -> [ConfigEntry] {
    var result: [ConfigEntry] = []
    var rest = Array(text.utf8)[...].drop(while: isSpace)
    while !rest.isEmpty {
      guard let first = unquoted(&rest) else { throw bogusParameters(text) }
      if let next = rest.first, next == UInt8(ascii: "=") {
        rest.removeFirst()
        let key = try canonical(String(decoding: first, as: UTF8.self))
        if rest.first == UInt8(ascii: "'") {
          guard let value = unquoted(&rest) else { throw bogusParameters(text) }
          result.append(ConfigEntry(key: key, value: String(decoding: value, as: UTF8.self)))
        } else {
          // `'key'=` is a key without a value.
          result.append(ConfigEntry(key: key, value: nil))
        }
      } else {
        // Before git 2.31 key and value stood in one pair of quotes.
        let parts = first.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
        let value = parts.dropFirst().first.map { String(decoding: $0, as: UTF8.self) }
        let key = try canonical(String(decoding: parts.first ?? [], as: UTF8.self))
        result.append(ConfigEntry(key: key, value: value))
      }
      guard rest.first.map(isSpace) ?? true else { throw bogusParameters(text) }
      rest = rest.drop(while: isSpace)
    }
    return result
  }

  /// One word in single quotes, where `'\''` and `'\!'` stand for `'` and `!`; `nil` when it is malformed.
  private static func unquoted(_ rest: inout ArraySlice<UInt8>) -> [UInt8]? {
    let quote = UInt8(ascii: "'")
    guard rest.first == quote else { return nil }
    rest.removeFirst()
    var word: [UInt8] = []
    while let byte = rest.popFirst() {
      guard byte == quote else {
        word.append(byte)
        continue
      }
      let ahead = Array(rest.prefix(3))
      guard ahead.count == 3, ahead[0] == UInt8(ascii: "\\"), ahead[2] == quote,
        ahead[1] == quote || ahead[1] == UInt8(ascii: "!")
      else { return word }
      word.append(ahead[1])
      rest = rest.dropFirst(3)
    }
    return nil
  }

  /// Section and variable in lower case; the subsection between them is left alone. Throws for what git
  /// calls an invalid key.
  static func canonical(_ key: String) throws(GitError) -> String {
    guard let first = key.firstIndex(of: "."), let last = key.lastIndex(of: ".") else {
      throw bogus("key does not contain a section", key)
    }
    let section = key[..<first]
    let variable = key[key.index(after: last)...]
    let isGood = { (text: Substring) in
      !text.isEmpty
        && text.utf8.allSatisfy {
          (0x61...0x7A).contains($0 | 0x20) || (0x30...0x39).contains($0) || $0 == 0x2D
        }
    }
    guard isGood(section), isGood(variable), variable.first?.isLetter == true, !key.contains("\n") else {
      throw bogus("invalid key", key)
    }
    return section.lowercased() + key[first..<last] + "." + variable.lowercased()
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

  private static func bogusParameters(_ text: String) -> GitError {
    bogus("bogus format in GIT_CONFIG_PARAMETERS", text)
  }

  private static func bogus(_ message: String, _ subject: String) -> GitError {
    GitError(
      errorClass: Int32(GIT_ERROR_CONFIG.rawValue), message: message, operation: "read the configuration of",
      subject: subject)
  }
}

/// The configuration files that git would read with an environment, as a libgit2 object. With a repository
/// those count, too, that are included only there (`includeIf gitdir:` and `onbranch:`).
///
/// libgit2 would find them through the environment of the process, which neither tests nor
/// `GIT_CONFIG_GLOBAL` (unknown to 1.5.1) can rely on.
enum ConfigStack {
  /// The ranks of the user's files. libgit2's own leave no room between them for what it does not include by
  /// itself, and ask for nothing but an order.
  private static let (system, xdg, global) = (rank(-400), rank(-300), rank(-200))
  /// Those of files that they include for the address of a remote, by number, and of such as the repository
  /// includes, which come above `GIT_CONFIG_LEVEL_LOCAL`.
  static func included(_ number: Int, byRepository: Bool) -> git_config_level_t {
    rank((byRepository ? 100 : -100) + Int32(clamping: min(number, 90)))
  }
  /// That of a worktree's own file.
  static let worktree = rank(200)

  private static func rank(_ number: Int32) -> git_config_level_t { git_config_level_t(rawValue: number) }

  static func user(
    _ environment: [String: String], of repository: OpaquePointer? = nil
  ) throws(GitError) -> OpaquePointer {
    try Library.start()
    var handle: OpaquePointer?
    try check(git_config_new(&handle), "read the configuration")
    let config = try unwrap(handle, "read the configuration")
    do throws(GitError) {
      if !Repository.isTrue(environment["GIT_CONFIG_NOSYSTEM"]) {
        try add(
          environment["GIT_CONFIG_SYSTEM"] ?? "/etc/gitconfig", ConfigStack.system, to: config,
          of: repository)
      }
      if let global = environment["GIT_CONFIG_GLOBAL"] {
        try add(global, ConfigStack.global, to: config, of: repository)
      } else {
        let home = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 }
        let xdg = environment["XDG_CONFIG_HOME"].flatMap { $0.isEmpty ? nil : $0 }
        if let folder = xdg ?? home.map({ "\($0)/.config" }) {
          try add("\(folder)/git/config", ConfigStack.xdg, to: config, of: repository)
        }
        if let home { try add("\(home)/.gitconfig", ConfigStack.global, to: config, of: repository) }
      }
    } catch {
      git_config_free(config)
      throw error
    }
    return config
  }

  static func add(
    _ path: String, _ level: git_config_level_t, to config: OpaquePointer, of repository: OpaquePointer? = nil
  ) throws(GitError) {
    // An empty name and /dev/null are the two usual ways to say "no file".
    guard !path.isEmpty, path != "/dev/null" else { return }
    // git passes over a file of somebody else's home that it may not read.
    guard level == GIT_CONFIG_LEVEL_LOCAL || access(path, R_OK) == 0 || errno == ENOENT else { return }
    let operation = "read the configuration"
    try check(
      git_config_add_file_ondisk(config, PathText.terminated(path, operation), level, repository, 0),
      operation,
      path)
  }

  /// The values of all keys that match a regular expression.
  static func values(matching pattern: String, in config: OpaquePointer) throws(GitError) -> [String] {
    let text = try PathText.terminated(pattern, operation)
    var iterator: OpaquePointer?
    try check(git_config_iterator_glob_new(&iterator, config, text), operation)
    return try entries(of: iterator, pattern).compactMap(\.value)
  }

  /// The values of a key; empty for one without a value.
  static func values(_ key: String, in config: OpaquePointer) throws(GitError) -> [String] {
    let text = try PathText.terminated(key, operation)
    var iterator: OpaquePointer?
    try check(git_config_multivar_iterator_new(&iterator, config, text, nil), operation, key)
    return try entries(of: iterator, key).map { $0.value ?? "" }
  }

  /// All that an iterator gives, which is freed.
  static func entries(
    of iterator: OpaquePointer?, _ subject: String
  ) throws(GitError) -> [ConfigEntry] {
    defer { git_config_iterator_free(iterator) }
    var result: [ConfigEntry] = []
    var entry: UnsafeMutablePointer<git_config_entry>?
    while true {
      let code = git_config_next(&entry, iterator)
      // One for a single key says that it found nothing where another is over.
      if code == GIT_ITEROVER.rawValue { break }
      guard try found(code, operation, subject) else { break }
      guard let item = entry?.pointee, let name = item.name else { continue }
      result.append(
        ConfigEntry(key: String(cString: name), value: item.value.map { String(cString: $0) }))
    }
    git_error_clear()
    return result
  }

  private static let operation = "read the configuration"
}
